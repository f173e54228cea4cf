//! How the API is reached, and the watches that run on it: one for each kind of objects and each namespace.

use std::time::Duration;

use ballast_ports::http_client::{Authorization, Credential, HttpClientSettings, TlsSettings};
use futures::stream::{BoxStream, SelectAll, StreamExt};
use k8s_openapi::api::core::v1::{Endpoints, Node, Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::Ingress;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::NamespaceResourceScope;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client, Config};
use serde::de::DeserializeOwned;

use super::objects::{Objects, Seen};
use super::settings::{Api as ApiSettings, KubernetesDiscovery, Role};
use crate::client::install_crypto;
use crate::settings_client::reveal;
use crate::tls;

/// All that happens: which watch of those that were opened, and what it saw.
pub(super) type Watches = SelectAll<BoxStream<'static, (usize, Result<Seen, String>)>>;

/// Connecting must not take for ever; a watch itself has no end.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Opens all watches that the settings ask for.
pub(super) async fn watches(settings: &KubernetesDiscovery) -> Result<(Watches, Objects), String> {
    install_crypto();
    let config = config(&settings.api).await?;
    let mut namespaces: Vec<Option<String>> = settings.namespaces.names.iter().cloned().map(Some).collect();
    if settings.namespaces.own {
        namespaces.push(Some(config.default_namespace.clone()));
    }
    namespaces.sort_unstable();
    namespaces.dedup();
    if namespaces.is_empty() {
        namespaces.push(None);
    }
    let client = Client::try_from(config).map_err(|error| format!("connect to Kubernetes: {error}"))?;
    let mut watches = Watches::new();
    let mut roles = settings.role.watched().to_vec();
    if settings.attach_node && settings.role != Role::Node {
        roles.push(Role::Node);
    }
    for role in roles {
        let scopes = if role == Role::Node { &[None][..] } else { &namespaces[..] };
        for namespace in scopes {
            let index = watches.len();
            let seen = watch(&client, role, namespace.as_deref(), selected(settings, role));
            watches.push(seen.map(move |seen| (index, seen)).boxed());
        }
    }
    let objects = Objects::new(watches.len());
    Ok((watches, objects))
}

type Stream = BoxStream<'static, Result<Seen, String>>;

fn watch(client: &Client, role: Role, namespace: Option<&str>, selected: watcher::Config) -> Stream {
    match role {
        Role::Node => events(Api::<Node>::all(client.clone()), selected, Seen::Node),
        Role::Pod => events(scoped::<Pod>(client, namespace), selected, Seen::Pod),
        Role::Service => events(scoped::<Service>(client, namespace), selected, Seen::Service),
        Role::Endpoints => events(scoped::<Endpoints>(client, namespace), selected, Seen::Endpoints),
        Role::EndpointSlice => events(scoped::<EndpointSlice>(client, namespace), selected, Seen::Slice),
        Role::Ingress => events(scoped::<Ingress>(client, namespace), selected, Seen::Ingress),
    }
}

fn scoped<K>(client: &Client, namespace: Option<&str>) -> Api<K>
where
    K: kube::Resource<Scope = NamespaceResourceScope>,
    K::DynamicType: Default,
{
    match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}

/// Failures are told and followed by another try, later and later.
fn events<K>(api: Api<K>, selected: watcher::Config, seen: fn(Event<K>) -> Seen) -> Stream
where
    K: kube::Resource + Clone + std::fmt::Debug + DeserializeOwned + Send + 'static,
{
    let plural = std::any::type_name::<K>().rsplit("::").next().unwrap_or_default();
    let told = move |event: Result<Event<K>, watcher::Error>| match event {
        Ok(event) => Ok(seen(event)),
        Err(error) => Err(format!("watch {plural} of Kubernetes: {error}")),
    };
    watcher(api, selected).default_backoff().map(told).boxed()
}

fn selected(settings: &KubernetesDiscovery, role: Role) -> watcher::Config {
    let selector = settings.selectors.iter().find(|selector| selector.role == role);
    watcher::Config {
        label_selector: selector.and_then(|selector| selector.label.clone()),
        field_selector: selector.and_then(|selector| selector.field.clone()),
        ..watcher::Config::default()
    }
}

async fn config(api: &ApiSettings) -> Result<Config, String> {
    let mut config = match api {
        ApiSettings::InCluster => {
            Config::incluster().map_err(|error| format!("find the cluster that this runs in: {error}"))?
        }
        ApiSettings::Kubeconfig(file) => {
            let failed = |error| format!("read the kubeconfig {}: {error}", file.display());
            let kubeconfig = Kubeconfig::read_from(file).map_err(failed)?;
            Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.map_err(failed)?
        }
        ApiSettings::Server { url, client } => server(url, client)?,
    };
    config.connect_timeout = Some(CONNECT_WITHIN);
    Ok(config)
}

fn server(url: &str, client: &HttpClientSettings) -> Result<Config, String> {
    let address = url.parse().map_err(|_| "connect to Kubernetes: its address is none".to_owned())?;
    let mut config = Config::new(address);
    trust(&mut config, &client.tls)?;
    match &client.authorization {
        None => {}
        Some(Authorization::Basic { username, password }) => {
            let password = password.as_ref().map(reveal).transpose()?.unwrap_or_default();
            config.auth_info.username = Some(username.clone());
            config.auth_info.password = Some(password.into());
        }
        Some(Authorization::Token { credentials, .. }) => token(&mut config, credentials)?,
    }
    Ok(config)
}

/// A file is read again by the client itself, as the tokens of service accounts are rotated. It sends all of it: what people
/// write with a line feed at its end can only be read once, here.
fn token(config: &mut Config, credentials: &Credential) -> Result<(), String> {
    let token = reveal(credentials)?;
    match credentials {
        Credential::File(path) if std::fs::read_to_string(path).is_ok_and(|text| text == token) => {
            config.auth_info.token_file = Some(path.display().to_string());
        }
        _ => config.auth_info.token = Some(token.into()),
    }
    Ok(())
}

fn trust(config: &mut Config, settings: &TlsSettings) -> Result<(), String> {
    if settings.cert.is_some() || settings.key.is_some() {
        return Err("log in to Kubernetes: certificate and key must be in files".to_owned());
    }
    let text = |path: &std::path::PathBuf| path.display().to_string();
    let authorities = tls::authorities(settings)?;
    config.root_cert = authorities.map(|all| all.iter().map(|one| one.to_vec()).collect());
    config.root_cert_file = settings.ca_file.clone();
    config.auth_info.client_certificate = settings.cert_file.as_ref().map(text);
    config.auth_info.client_key = settings.key_file.as_ref().map(text);
    config.accept_invalid_certs = settings.insecure_skip_verify;
    config.tls_server_name = settings.server_name.clone();
    Ok(())
}
