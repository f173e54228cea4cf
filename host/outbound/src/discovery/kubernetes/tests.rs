//! A small cluster behind an API that lists and watches as the real one does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use ballast_ports::http_client::{Authorization, Credential, HttpClientSettings};
use ballast_ports::{TargetSet, TargetSource};
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::discovery::tests::job;
use crate::discovery::{DiscoveredTargets, Discovery};
use crate::test_server::serve;

/// An API server: lists by path, and for each path who watches it and what happened.
#[derive(Default)]
struct Fake {
    lists: Mutex<BTreeMap<String, Vec<Value>>>,
    events: Mutex<BTreeMap<String, Vec<Bytes>>>,
    watchers: Mutex<Vec<(String, UnboundedSender<Bytes>)>>,
    asked: Mutex<Vec<(String, Option<String>)>>,
    token: Option<String>,
}

impl Fake {
    fn answer(&self, uri: &Uri, headers: &HeaderMap) -> Response {
        let (path, query) = (uri.path().to_owned(), uri.query().unwrap_or_default());
        let login = headers.get("authorization").and_then(|value| value.to_str().ok()).map(str::to_owned);
        self.asked.lock().unwrap().push((uri.to_string(), login.clone()));
        if self.token.is_some() && login != self.token {
            let status =
                json!({"kind": "Status", "status": "Failure", "message": "who are you?", "code": 401});
            return (StatusCode::UNAUTHORIZED, axum::Json(status)).into_response();
        }
        if query.contains("watch=true") {
            let (sender, receiver) = unbounded();
            for event in self.events.lock().unwrap().get(&path).into_iter().flatten() {
                sender.unbounded_send(event.clone()).unwrap();
            }
            self.watchers.lock().unwrap().push((path, sender));
            return Body::from_stream(receiver.map(Ok::<_, std::io::Error>)).into_response();
        }
        let items = self.lists.lock().unwrap().get(&path).cloned().unwrap_or_default();
        let list =
            json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items});
        axum::Json(list).into_response()
    }

    fn happens(&self, path: &str, kind: &str, object: &Value) {
        let line = Bytes::from(format!("{}\n", json!({"type": kind, "object": object})));
        self.events.lock().unwrap().entry(path.to_owned()).or_default().push(line.clone());
        let watchers = self.watchers.lock().unwrap();
        for (_, sender) in watchers.iter().filter(|(watched, _)| watched == path) {
            let _ = sender.unbounded_send(line.clone());
        }
    }
}

async fn start(fake: Fake) -> (Arc<Fake>, String) {
    let fake = Arc::new(fake);
    let server = fake.clone();
    let answer = move |uri: Uri, headers: HeaderMap| {
        let answer = server.answer(&uri, &headers);
        async move { answer }
    };
    (fake, serve(Router::new().fallback(answer)).await)
}

fn settings(url: &str, role: Role) -> KubernetesDiscovery {
    KubernetesDiscovery {
        api: Api::Server { url: url.to_owned(), client: HttpClientSettings::default() },
        role,
        namespaces: Namespaces::default(),
        selectors: Vec::new(),
        attach_node: false,
    }
}

fn source(settings: KubernetesDiscovery) -> DiscoveredTargets {
    DiscoveredTargets::new(job(vec![Discovery::Kubernetes(settings)]))
}

/// Address and discovered labels of each target, those of Kubernetes without their prefix.
fn found(set: &TargetSet) -> Vec<String> {
    let line = |target: &ballast_ports::ScrapeTarget| {
        let address = target.discovered.get("__address__").unwrap_or_default();
        let labels =
            target.discovered.iter().filter_map(|(n, v)| Some((n.strip_prefix("__meta_kubernetes_")?, v)));
        let labels: Vec<_> = labels.map(|(name, value)| format!("{name}={value}")).collect();
        format!("{address}: {}", labels.join(" "))
    };
    set.active.iter().map(line).collect()
}

fn cluster() -> Fake {
    let node = json!({
        "metadata": {"name": "n1", "labels": {"topology.kubernetes.io/zone": "eu-1"}, "resourceVersion": "1"},
        "spec": {"providerID": "cloud://n1"},
        "status": {
            "addresses": [
                {"type": "Hostname", "address": "n1.local"},
                {"type": "InternalIP", "address": "10.0.0.1"},
                {"type": "InternalIP", "address": "fd00::1"}
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}}
        }
    });
    let meta = |name: &str| json!({"name": name, "namespace": "shop", "resourceVersion": "1"});
    let mut service = json!({
        "metadata": meta("web"),
        "spec": {"type": "ClusterIP", "clusterIP": "10.1.0.5", "ports": [{"name": "http", "port": 80, "protocol": "TCP"}]}
    });
    service["metadata"]["annotations"] = json!({"prometheus.io/scrape": "true"});
    let mut slice = json!({
        "metadata": meta("web-abc"),
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "endpoints": [{
            "addresses": ["10.2.0.7"], "conditions": {"ready": true}, "zone": "eu-1", "nodeName": "n1",
            "targetRef": {"kind": "Pod", "name": "web-1", "namespace": "shop"}
        }]
    });
    slice["metadata"]["labels"] = json!({"kubernetes.io/service-name": "web"});
    let endpoints = json!({
        "metadata": meta("web"),
        "subsets": [{
            "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
            "addresses": [{"ip": "10.2.0.7", "targetRef": {"kind": "Pod", "name": "web-1", "namespace": "shop"}}],
            "notReadyAddresses": [{"ip": "10.2.0.8", "nodeName": "n2"}]
        }]
    });
    let ingress = json!({
        "metadata": meta("web"),
        "spec": {
            "ingressClassName": "nginx",
            "tls": [{"hosts": ["*.shop.example"]}],
            "rules": [
                {"host": "www.shop.example", "http": {"paths": [{"path": "/cart", "pathType": "Prefix", "backend": {}}]}},
                {"host": "shop.example"}
            ]
        }
    });
    let lists = BTreeMap::from([
        ("/api/v1/nodes".to_owned(), vec![node]),
        ("/api/v1/services".to_owned(), vec![service]),
        ("/api/v1/pods".to_owned(), vec![pod("web-1", "10.2.0.7")]),
        ("/api/v1/endpoints".to_owned(), vec![endpoints]),
        ("/apis/discovery.k8s.io/v1/endpointslices".to_owned(), vec![slice]),
        ("/apis/networking.k8s.io/v1/ingresses".to_owned(), vec![ingress]),
    ]);
    Fake { lists: Mutex::new(lists), ..Fake::default() }
}

fn pod(name: &str, ip: &str) -> Value {
    json!({
        "metadata": {
            "name": name, "namespace": "shop", "uid": "u1", "resourceVersion": "2", "labels": {"app": "web"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "r", "controller": true}]
        },
        "spec": {
            "nodeName": "n1",
            "containers": [
                {"name": "main", "image": "web:1", "ports": [
                    {"name": "http", "containerPort": 8080, "protocol": "TCP"},
                    {"name": "metrics", "containerPort": 9090, "protocol": "TCP"}
                ]},
                {"name": "side", "image": "side:1"}
            ],
            "initContainers": [{"name": "prepare", "image": "prep:1", "ports": [{"containerPort": 7}]}]
        },
        "status": {
            "podIP": ip, "hostIP": "10.0.0.1", "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "main", "image": "web:1", "imageID": "", "ready": true, "restartCount": 0, "containerID": "cri://1"}]
        }
    })
}

const POD: &str = "pod_controller_kind=ReplicaSet pod_controller_name=web pod_host_ip=10.0.0.1 pod_ip=10.2.0.7 \
                   pod_label_app=web pod_labelpresent_app=true pod_name=web-1 pod_node_name=n1 pod_phase=Running \
                   pod_ready=true pod_uid=u1";
const NODE: &str = "node_label_topology_kubernetes_io_zone=eu-1 node_labelpresent_topology_kubernetes_io_zone=true node_name=n1";
const MAIN: &str =
    "pod_container_id=cri://1 pod_container_image=web:1 pod_container_init=false pod_container_name=main";
const PREPARE: &str = "pod_container_image=prep:1 pod_container_init=true pod_container_name=prepare \
                       pod_container_port_number=7 pod_container_port_protocol=TCP";
const SERVICE: &str =
    "service_annotation_prometheus_io_scrape=true service_annotationpresent_prometheus_io_scrape=true";

/// The words of some lists of labels in order, as they stand in one list.
fn joined(lists: &[&str]) -> String {
    let mut words: Vec<&str> = lists.iter().flat_map(|list| list.split_whitespace()).collect();
    words.sort_unstable_by_key(|word| word.split_once('=').map(|(name, _)| name.to_owned()));
    words.join(" ")
}

fn port(name: &str, number: u16) -> String {
    format!(
        "pod_container_port_name={name} pod_container_port_number={number} pod_container_port_protocol=TCP"
    )
}

#[rstest]
#[case::node(Role::Node, vec![
    ("10.0.0.1:10250", joined(&[NODE, "node_address_Hostname=n1.local node_address_InternalIP=10.0.0.1 node_provider_id=cloud://n1"])),
])]
#[case::service(Role::Service, vec![
    ("web.shop.svc:80", joined(&[SERVICE, "namespace=shop service_cluster_ip=10.1.0.5 service_name=web service_port_name=http \
        service_port_number=80 service_port_protocol=TCP service_type=ClusterIP"])),
])]
#[case::pod(Role::Pod, vec![
    ("10.2.0.7:8080", joined(&[POD, MAIN, "namespace=shop", &port("http", 8080)])),
    ("10.2.0.7:9090", joined(&[POD, MAIN, "namespace=shop", &port("metrics", 9090)])),
    ("10.2.0.7", joined(&[POD, "namespace=shop pod_container_image=side:1 pod_container_init=false pod_container_name=side"])),
    ("10.2.0.7:7", joined(&[POD, PREPARE, "namespace=shop"])),
])]
#[case::endpoints(Role::Endpoints, vec![
    ("10.2.0.7:8080", joined(&[POD, MAIN, SERVICE, &port("http", 8080), "namespace=shop service_name=web endpoints_name=web \
        endpoint_port_name=http endpoint_port_protocol=TCP endpoint_ready=true endpoint_address_target_kind=Pod \
        endpoint_address_target_name=web-1"])),
    ("10.2.0.8:8080", joined(&[SERVICE, "namespace=shop service_name=web endpoints_name=web endpoint_port_name=http \
        endpoint_port_protocol=TCP endpoint_ready=false endpoint_node_name=n2"])),
    ("10.2.0.7:9090", joined(&[POD, MAIN, SERVICE, &port("metrics", 9090), "namespace=shop service_name=web endpoints_name=web"])),
    ("10.2.0.7:7", joined(&[POD, PREPARE, SERVICE, "namespace=shop service_name=web endpoints_name=web"])),
])]
#[case::endpointslice(Role::EndpointSlice, vec![
    ("10.2.0.7:8080", joined(&[POD, MAIN, SERVICE, &port("http", 8080), "namespace=shop service_name=web endpointslice_name=web-abc \
        endpointslice_label_kubernetes_io_service_name=web endpointslice_labelpresent_kubernetes_io_service_name=true \
        endpointslice_address_type=IPv4 endpointslice_port=8080 endpointslice_port_name=http endpointslice_port_protocol=TCP \
        endpointslice_endpoint_conditions_ready=true endpointslice_endpoint_zone=eu-1 endpointslice_endpoint_node_name=n1 \
        endpointslice_address_target_kind=Pod endpointslice_address_target_name=web-1"])),
    ("10.2.0.7:9090", joined(&[POD, MAIN, SERVICE, &port("metrics", 9090), "namespace=shop service_name=web \
        endpointslice_name=web-abc endpointslice_label_kubernetes_io_service_name=web \
        endpointslice_labelpresent_kubernetes_io_service_name=true"])),
    ("10.2.0.7:7", joined(&[POD, PREPARE, SERVICE, "namespace=shop service_name=web endpointslice_name=web-abc \
        endpointslice_label_kubernetes_io_service_name=web endpointslice_labelpresent_kubernetes_io_service_name=true"])),
])]
#[case::ingress(Role::Ingress, vec![
    ("www.shop.example", joined(&["namespace=shop ingress_name=web ingress_class_name=nginx ingress_scheme=https \
        ingress_host=www.shop.example ingress_path=/cart"])),
    ("shop.example", joined(&["namespace=shop ingress_name=web ingress_class_name=nginx ingress_scheme=http \
        ingress_host=shop.example ingress_path=/"])),
])]
#[tokio::test]
async fn each_role_finds_its_targets(#[case] role: Role, #[case] expected: Vec<(&str, String)>) {
    let (_fake, url) = start(cluster()).await;
    let mut settings = settings(&url, role);
    // One role shows that the labels of nodes come along.
    settings.attach_node = role == Role::Pod;
    let set = source(settings).changed().await;
    let with_node = |labels: String| if role == Role::Pod { joined(&[&labels, NODE]) } else { labels };
    let expected: Vec<_> =
        expected.into_iter().map(|(address, labels)| format!("{address}: {}", with_node(labels))).collect();
    let mut found = found(&set);
    for line in &mut found {
        let (address, labels) = line.split_once(": ").unwrap();
        *line = format!("{address}: {}", joined(&[labels]));
    }
    found.sort_unstable();
    let mut expected = expected;
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(set.problem, None);
}

fn instances(set: &TargetSet) -> Vec<&str> {
    let mut all: Vec<_> = set.active.iter().filter_map(|target| target.labels.get("instance")).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[tokio::test]
async fn what_changes_in_the_cluster_changes_the_targets() {
    let (fake, url) = start(cluster()).await;
    let mut source = source(settings(&url, Role::Pod));
    let first = source.changed().await;
    assert_eq!(instances(&first), ["10.2.0.7", "10.2.0.7:7", "10.2.0.7:8080", "10.2.0.7:9090"]);
    fake.happens("/api/v1/pods", "ADDED", &pod("web-2", "fd00::9"));
    let second = source.changed().await;
    assert!(instances(&second).contains(&"[fd00::9]:8080"), "{:?}", instances(&second));
    fake.happens("/api/v1/pods", "DELETED", &pod("web-1", "10.2.0.7"));
    let third = source.changed().await;
    assert!(
        !instances(&third).iter().any(|instance| instance.starts_with("10.2")),
        "{:?}",
        instances(&third)
    );
}

#[tokio::test]
async fn namespaces_and_selectors_narrow_what_is_asked() {
    let (fake, url) = start(cluster()).await;
    let mut settings = settings(&url, Role::Pod);
    settings.namespaces.names = vec!["shop".to_owned(), "bank".to_owned()];
    settings.selectors = vec![Selector {
        role: Role::Pod,
        label: Some("app=web".to_owned()),
        field: Some("spec.nodeName=n1".to_owned()),
    }];
    fake.lists.lock().unwrap().insert("/api/v1/namespaces/bank/pods".to_owned(), vec![pod("b", "10.3.0.1")]);
    let set = source(settings).changed().await;
    assert!(instances(&set).iter().all(|instance| instance.starts_with("10.3.0.1")), "{:?}", instances(&set));
    let asked = fake.asked.lock().unwrap();
    let lists: Vec<_> = asked.iter().filter(|(uri, _)| !uri.contains("watch=true")).collect();
    assert_eq!(lists.len(), 2, "{asked:?}");
    for (uri, _) in lists {
        assert!(
            uri.contains("labelSelector=app%3Dweb") && uri.contains("fieldSelector=spec.nodeName%3Dn1"),
            "{uri}"
        );
    }
}

#[rstest]
#[case::with_the_token("s3cret", None)]
#[case::with_another("wrong", Some("watch Pod of Kubernetes: failed to perform initial object list"))]
#[tokio::test]
async fn the_token_is_sent_and_a_refusal_is_told(#[case] token: &str, #[case] problem: Option<&str>) {
    let (_fake, url) = start(Fake { token: Some("Bearer s3cret".to_owned()), ..cluster() }).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{token}\n")).unwrap();
    let authorization =
        Some(Authorization::Token { kind: "Bearer".to_owned(), credentials: Credential::File(file) });
    let client = HttpClientSettings { authorization, ..HttpClientSettings::default() };
    let settings = KubernetesDiscovery { api: Api::Server { url, client }, ..settings("", Role::Pod) };
    let set = source(settings).changed().await;
    match problem {
        None => assert_eq!((set.problem, set.active.is_empty()), (None, false)),
        Some(problem) => {
            let told = set.problem.unwrap();
            assert!(told.starts_with(problem) && !told.contains(token), "{told}");
        }
    }
}

#[rstest]
#[case::a_kubeconfig(Api::Kubeconfig("/nowhere/config".into()), "read the kubeconfig /nowhere/config: ")]
#[case::no_cluster(Api::InCluster, "find the cluster that this runs in: ")]
#[tokio::test]
async fn an_api_that_cannot_be_found_is_told(#[case] api: Api, #[case] problem: &str) {
    let set = source(KubernetesDiscovery { api, ..settings("", Role::Node) }).changed().await;
    let told = set.problem.unwrap();
    assert!(told.starts_with(problem), "{told}");
}

#[tokio::test]
async fn a_kubeconfig_says_where_and_who() {
    let (fake, url) = start(Fake { token: Some("Bearer k".to_owned()), ..cluster() }).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: c, cluster: {{server: '{url}'}}}}]\n\
         users: [{{name: u, user: {{token: k}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n"
    );
    std::fs::write(&file, text).unwrap();
    let settings = KubernetesDiscovery { api: Api::Kubeconfig(file), ..settings("", Role::Node) };
    let set = source(settings).changed().await;
    assert_eq!((set.problem.clone(), instances(&set)), (None, vec!["n1"]));
    assert_eq!(fake.asked.lock().unwrap()[0].1.as_deref(), Some("Bearer k"));
}
