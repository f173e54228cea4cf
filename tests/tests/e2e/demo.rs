//! `ballast demo --once`: every fault is shown once, and what has a runbook is repaired and verified.

use ballast_tests::binaries;
use ballast_tests::eventually::secs;
use ballast_tests::host::array;
use ballast_tests::process::Process;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_campaign_ends_with_every_repairable_fault_verified() {
    let folder = tempfile::tempdir().unwrap();
    let keep = folder.path().join("kept");
    let arguments = ["demo", "--once", "--json", "--keep", keep.to_str().unwrap()];
    let mut demo = Process::start(&binaries::ballast(), &arguments);
    let line = demo.line(secs(230), |line| line.starts_with("{\"faults\"").then(|| line.to_owned())).await;
    assert_eq!(demo.ended(secs(20)).await.code(), Some(0));
    println!("{line}");
    let table: Value = serde_json::from_str(&line).unwrap();
    let faults = array(table.clone(), "faults");
    let (repairable, rest): (Vec<_>, Vec<_>) = faults.iter().partition(|fault| fault["repairable"] == true);
    assert!(!repairable.is_empty() && faults.len() >= 5, "{table:#}");
    for fault in &repairable {
        assert_eq!(fault["verified"], true, "{fault:#}");
        assert!(fault["detected_after_ms"].as_u64().unwrap() < 5_000, "{fault:#}");
        assert!(fault["first_action_after_ms"].is_u64() && fault["recovered_after_ms"].is_u64(), "{fault:#}");
    }
    for fault in repairable.iter().chain(&rest) {
        assert_eq!(fault["wrong_effects"], 0, "{fault:#}");
    }
    let funnel = &table["funnel"];
    assert_eq!(funnel["verified"].as_u64().unwrap(), repairable.len() as u64, "{funnel:#}");
    assert!(funnel["attempted"].as_u64() <= funnel["eligible"].as_u64(), "{funnel:#}");
}
