//! TLS as settings say it: which authorities count, what the client shows of itself, and what a server may be called.
//!
//! Invariant: nothing is trusted that the settings do not name, unless they say so in as many words.

use std::path::PathBuf;
use std::sync::Arc;

use ballast_ports::http_client::{Secret, TlsSettings, TlsVersion};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme, SupportedProtocolVersion};

/// Most bytes of a file of certificates.
const PEM_BYTES_MAX: u64 = 4 << 20;

/// What a connection is made with. Files are read now.
pub(crate) fn config(settings: &TlsSettings, http2: bool) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = verifier(settings, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions(settings))
        .map_err(|error| format!("set up TLS: {error}"))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match identity(settings)? {
        Some((chain, key)) => builder
            .with_client_auth_cert(chain, key)
            .map_err(|error| format!("use the client's certificate and key: {error}"))?,
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = if http2 { vec![b"h2".to_vec(), b"http/1.1".to_vec()] } else { Vec::new() };
    Ok(config)
}

/// The certificates of the authorities, where the settings name any.
pub(crate) fn authorities(settings: &TlsSettings) -> Result<Option<Vec<CertificateDer<'static>>>, String> {
    let Some(pem) = pem(&settings.ca, &settings.ca_file, "the authorities' certificates")? else {
        return Ok(None);
    };
    let found = certificates(&pem, "the authorities' certificates")?;
    Ok(Some(found))
}

fn versions(settings: &TlsSettings) -> Vec<&'static SupportedProtocolVersion> {
    let all = [(TlsVersion::V1_2, &rustls::version::TLS12), (TlsVersion::V1_3, &rustls::version::TLS13)];
    let allowed = |version: TlsVersion| {
        settings.min_version.is_none_or(|min| version >= min)
            && settings.max_version.is_none_or(|max| version <= max)
    };
    all.into_iter().filter(|(version, _)| allowed(*version)).map(|(_, version)| version).collect()
}

fn verifier(
    settings: &TlsSettings,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, String> {
    if settings.insecure_skip_verify {
        return Ok(Arc::new(Unverified(provider.clone())));
    }
    let inner: Arc<dyn ServerCertVerifier> = match authorities(settings)? {
        Some(authorities) => {
            let mut roots = RootCertStore::empty();
            for authority in authorities {
                roots.add(authority).map_err(|error| format!("trust an authority: {error}"))?;
            }
            let built =
                WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build();
            built.map_err(|error| format!("trust the authorities: {error}"))?
        }
        None => Arc::new(
            rustls_platform_verifier::Verifier::new(provider.clone())
                .map_err(|error| format!("trust the system's authorities: {error}"))?,
        ),
    };
    match &settings.server_name {
        None => Ok(inner),
        Some(name) => {
            let parsed = ServerName::try_from(name.clone());
            let name = parsed.map_err(|_| format!("expect the server name `{name}`: it is no name"))?;
            Ok(Arc::new(Renamed { inner, name }))
        }
    }
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn identity(settings: &TlsSettings) -> Result<Option<Identity>, String> {
    let cert = pem(&settings.cert, &settings.cert_file, "the client's certificate")?;
    let key = pem(&settings.key, &settings.key_file, "the client's key")?;
    let (Some(cert), Some(key)) = (cert, key) else { return Ok(None) };
    let chain = certificates(&cert, "the client's certificate")?;
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| "read the client's key: no key in PEM form")?;
    Ok(Some((chain, key)))
}

fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(format!("read {what}: no certificate in PEM form")),
        Err(error) => Err(format!("read {what}: {error}")),
    }
}

fn pem(inline: &Option<Secret>, file: &Option<PathBuf>, what: &str) -> Result<Option<Vec<u8>>, String> {
    if let Some(inline) = inline {
        return Ok(Some(inline.reveal().as_bytes().to_vec()));
    }
    let Some(file) = file else { return Ok(None) };
    let failed = |reason: String| format!("read {what} from {}: {reason}", file.display());
    let size = std::fs::metadata(file).map_err(|error| failed(error.to_string()))?.len();
    if size > PEM_BYTES_MAX {
        return Err(failed(format!("larger than {PEM_BYTES_MAX} bytes")));
    }
    std::fs::read(file).map(Some).map_err(|error| failed(error.to_string()))
}

/// Trusts whom the inner one trusts, under another name than the address's.
#[derive(Debug)]
struct Renamed {
    inner: Arc<dyn ServerCertVerifier>,
    name: ServerName<'static>,
}

impl ServerCertVerifier for Renamed {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.inner.verify_server_cert(end_entity, intermediates, &self.name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Takes any certificate whose key signs, as `insecure_skip_verify` asks for.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
