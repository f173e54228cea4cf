//! A real TLS server with certificates made for the test: who is trusted, who logs in, and what is read anew.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use ballast_ports::http_client::{
    Authorization, Credential, HttpClientSettings, Secret, TlsSettings, TlsVersion,
};
use ballast_ports::{ScrapeOptions, ScrapeTarget, Scraper};
use ballast_types::{Interner, Labels, Timestamp};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rstest::rstest;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::HttpScraper;
use crate::test_server::serve;

const AT: Timestamp = Timestamp::from_secs(1_700_000_000);

/// An authority and the folder where its files are.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

/// A certificate and its key as PEM.
struct Issued {
    cert: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Authority { issuer, folder: tempfile::tempdir().unwrap() }
    }

    fn pem(&self) -> String {
        self.issuer.as_ref().pem()
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file
    }

    fn issue(&self, name: &str) -> Issued {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let cert = params.signed_by(&key, &*self.issuer).unwrap();
        Issued { cert: cert.pem(), key: key.serialize_pem() }
    }

    fn trusted(&self) -> TlsSettings {
        TlsSettings { ca_file: Some(self.file("ca.pem", &self.pem())), ..TlsSettings::default() }
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem().as_bytes()).unwrap()).unwrap();
        roots
    }

    /// A server under a name, which may ask its clients for certificates of this authority.
    fn server(
        &self,
        name: &str,
        asks: bool,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> String {
        let Issued { cert, key } = self.issue(name);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = Arc::new(self.roots());
        let builder = ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(versions);
        let builder = match asks {
            true => builder.unwrap().with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(roots, provider).build().unwrap(),
            ),
            false => builder.unwrap().with_no_client_auth(),
        };
        let chain = vec![CertificateDer::from_pem_slice(cert.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let config = Arc::new(builder.with_single_cert(chain, key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let connection = ServerConnection::new(config.clone()).unwrap();
                answer(StreamOwned::new(connection, stream));
            }
        });
        url
    }
}

/// One request a connection; a handshake that fails is the client's to tell.
fn answer(stream: StreamOwned<ServerConnection, std::net::TcpStream>) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        line.clear();
    }
    let answer =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: close\r\n\r\nup 1\n";
    let stream = reader.get_mut();
    let _ = stream.write_all(answer.as_bytes()).and_then(|()| stream.flush());
}

fn target(url: &str, client: HttpClientSettings) -> ScrapeTarget {
    ScrapeTarget {
        job: "tls".to_owned(),
        url: format!("{url}/metrics"),
        labels: Labels::empty(),
        discovered: Labels::empty(),
        interval: Duration::from_secs(20),
        timeout: Duration::from_secs(20),
        options: Arc::new(ScrapeOptions { client, ..ScrapeOptions::default() }),
    }
}

/// How many samples came, or why none did.
async fn scrape(url: &str, tls: TlsSettings) -> Result<usize, String> {
    let target = target(url, HttpClientSettings { tls, ..HttpClientSettings::default() });
    let mut session =
        HttpScraper::new(Interner::default()).open(&target).map_err(|error| error.to_string())?;
    session.scrape(AT).await.map(|scrape| scrape.samples.len()).map_err(|error| error.to_string())
}

const BOTH: &[&rustls::SupportedProtocolVersion] = &[&rustls::version::TLS12, &rustls::version::TLS13];

#[tokio::test]
async fn only_named_authorities_are_trusted() {
    let (authority, other) = (Authority::new(), Authority::new());
    let url = authority.server("127.0.0.1", false, BOTH);
    assert_eq!(scrape(&url, authority.trusted()).await, Ok(1));
    let inline = TlsSettings { ca: Some(Secret::new(authority.pem())), ..TlsSettings::default() };
    assert_eq!(scrape(&url, inline).await, Ok(1));
    let error = scrape(&url, other.trusted()).await.unwrap_err();
    assert!(error.contains("UnknownIssuer") || error.contains("certificate"), "{error}");
    let error = scrape(&url, TlsSettings::default()).await.unwrap_err();
    assert!(error.contains("certificate"), "{error}");
    let unverified = TlsSettings { insecure_skip_verify: true, ..TlsSettings::default() };
    assert_eq!(scrape(&url, unverified).await, Ok(1));
}

#[tokio::test]
async fn a_server_may_have_another_name_than_its_address() {
    let authority = Authority::new();
    let url = authority.server("metrics.example", false, BOTH);
    let named = |name: &str| TlsSettings { server_name: Some(name.to_owned()), ..authority.trusted() };
    assert_eq!(scrape(&url, named("metrics.example")).await, Ok(1));
    for tls in [authority.trusted(), named("other.example")] {
        let error = scrape(&url, tls).await.unwrap_err();
        assert!(error.contains("NotValidForName") || error.contains("not valid for name"), "{error}");
    }
}

#[tokio::test]
async fn a_client_shows_its_certificate_from_files_or_inline() {
    let authority = Authority::new();
    let url = authority.server("127.0.0.1", true, BOTH);
    let Issued { cert, key } = authority.issue("client");
    let files = TlsSettings {
        cert_file: Some(authority.file("client.pem", &cert)),
        key_file: Some(authority.file("client.key", &key)),
        ..authority.trusted()
    };
    assert_eq!(scrape(&url, files.clone()).await, Ok(1));
    assert!(scrape(&url, authority.trusted()).await.is_err());
    let inline = TlsSettings {
        cert: Some(Secret::new(cert)),
        key: Some(Secret::new(key.clone())),
        ..authority.trusted()
    };
    assert!(!format!("{inline:?}").contains(key.lines().nth(1).unwrap()));
    assert_eq!(scrape(&url, inline).await, Ok(1));
    std::fs::write(files.key_file.as_ref().unwrap(), "no key").unwrap();
    let error = scrape(&url, files).await.unwrap_err();
    assert!(error.ends_with("read the client's key: no key in PEM form"), "{error}");
}

#[rstest]
#[case::a_server_that_is_new_enough(&[&rustls::version::TLS13], true)]
#[case::a_server_that_is_too_old(&[&rustls::version::TLS12], false)]
#[tokio::test]
async fn the_oldest_version_is_kept_to(
    #[case] versions: &[&'static rustls::SupportedProtocolVersion],
    #[case] works: bool,
) {
    let authority = Authority::new();
    let url = authority.server("127.0.0.1", false, versions);
    let tls = TlsSettings { min_version: Some(TlsVersion::V1_3), ..authority.trusted() };
    assert_eq!(scrape(&url, tls).await.is_ok(), works);
    assert_eq!(scrape(&url, authority.trusted()).await, Ok(1));
}

#[tokio::test]
async fn certificates_are_read_again_when_their_file_changes() {
    let (authority, other) = (Authority::new(), Authority::new());
    let url = authority.server("127.0.0.1", false, BOTH);
    let tls = other.trusted();
    let file = tls.ca_file.clone().unwrap();
    let target = target(&url, HttpClientSettings { tls, ..HttpClientSettings::default() });
    let mut session = HttpScraper::new(Interner::default()).open(&target).unwrap();
    assert!(session.scrape(AT).await.is_err());
    // Of another size, so that a clock that stands still hides nothing.
    std::fs::write(&file, authority.pem() + "\n\n").unwrap();
    assert_eq!(session.scrape(AT).await.map(|scrape| scrape.samples.len()), Ok(1));
}

#[tokio::test]
async fn a_session_with_files_that_are_not_there_does_not_open() {
    let tls = TlsSettings { ca_file: Some("/nowhere/ca.pem".into()), ..TlsSettings::default() };
    let error = scrape("https://127.0.0.1:1", tls).await.unwrap_err();
    let expected =
        "scrape https://127.0.0.1:1/metrics: read the authorities' certificates from /nowhere/ca.pem: ";
    assert!(error.starts_with(expected), "{error}");
}

#[tokio::test]
async fn credentials_are_sent_and_read_anew_for_each_request() {
    let seen: Arc<Mutex<Vec<HeaderMap>>> = Arc::default();
    let note = seen.clone();
    let handler = move |headers: HeaderMap| {
        note.lock().unwrap().push(headers);
        async { "up 1\n" }
    };
    let url = serve(Router::new().route("/metrics", get(handler))).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "one\n").unwrap();
    let token =
        Authorization::Token { kind: "Bearer".to_owned(), credentials: Credential::File(file.clone()) };
    let basic = Authorization::Basic {
        username: "Aladdin".to_owned(),
        password: Some(Credential::Inline(Secret::new("open sesame"))),
    };
    for authorization in [token, basic] {
        let client = HttpClientSettings {
            authorization: Some(authorization),
            headers: vec![("X-Scope".to_owned(), Secret::new("tenant-1"))],
            ..HttpClientSettings::default()
        };
        let target = target(&url, client);
        assert!(!format!("{target:?}").contains("sesame") && !format!("{target:?}").contains("tenant-1"));
        let mut session = HttpScraper::new(Interner::default()).open(&target).unwrap();
        session.scrape(AT).await.unwrap();
        std::fs::write(&file, "two").unwrap();
        session.scrape(AT).await.unwrap();
    }
    let seen = seen.lock().unwrap();
    let sent: Vec<_> = seen.iter().map(|headers| headers["authorization"].to_str().unwrap()).collect();
    let basic = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
    assert_eq!(sent, ["Bearer one", "Bearer two", basic, basic]);
    assert_eq!(seen[0]["x-scope"], "tenant-1");
}
