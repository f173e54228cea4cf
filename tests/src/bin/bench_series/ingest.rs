//! Bench `ingest`: CPU a sample by scrape and by remote write, resident bytes a series, bytes a sample on disk.

use std::time::Duration;

use ballast_formats::remote_write::{WriteSeries, encode_v1};
use ballast_types::{Labels, Sample, Timestamp};

use crate::data::{self, FAMILIES};
use crate::exporter::Exporter;
use crate::line::{self, Aim, Spread};
use crate::server::Server;
use crate::{Failed, Programs};

const TARGETS: u64 = 20;
const SERIES_PER_TARGET: u64 = 5_000;
/// Scrapes of every target before and during the measurement.
const SETTLE_ROUNDS: u64 = 3;
const ROUNDS: u64 = 10;
const CPU_AIM: f64 = 0.25;
const MEMORY_AIM: f64 = 0.5;

/// What one server came to.
struct Figures {
    scrape_us: f64,
    resident: f64,
    write_us: f64,
    disk: f64,
}

pub(crate) async fn measure(programs: &Programs) -> Result<(), Failed> {
    let (exporter, address) = Exporter::start(SERIES_PER_TARGET).await?;
    let scrapes = scrape_configs(&address);
    let mut all = Vec::new();
    for is_peer in [false, true] {
        let scraped = start(programs, &scrapes, is_peer).await?;
        let Some(server) = scraped else { continue };
        let (scrape_us, resident) = scraping(&server, &exporter).await?;
        drop(server);
        let Some(server) = start(programs, "", is_peer).await? else { continue };
        let write_us = writing(&server).await?;
        drop(server);
        let Some(server) = start(programs, "", is_peer).await? else { continue };
        let disk = keeping(&server).await?;
        all.push(Figures { scrape_us, resident, write_us, disk });
    }
    let mut all = all.into_iter();
    let ours = all.next().ok_or("there is no figure")?;
    let peer = all.next();
    let print = |measure, unit, of: fn(&Figures) -> f64, aim| {
        line::print(measure, unit, Spread::one(of(&ours)), peer.as_ref().map(|p| Spread::one(of(p))), aim);
    };
    print("a scraped sample, 100,000 series", "us CPU", |f| f.scrape_us, Aim::Ratio(CPU_AIM));
    print("a remote-written sample, 10,000 series", "us CPU", |f| f.write_us, Aim::Ratio(CPU_AIM));
    print("a series of 100,000 that are scraped", "bytes resident", |f| f.resident, Aim::Ratio(MEMORY_AIM));
    print("a sample on disk, logs and all, 6 h of 1,400 series", "bytes", |f| f.disk, Aim::None);
    Ok(())
}

async fn start(programs: &Programs, scrapes: &str, is_peer: bool) -> Result<Option<Server>, Failed> {
    if is_peer {
        return Server::prometheus(programs, scrapes).await;
    }
    Server::ballast(programs, scrapes).await.map(Some)
}

/// The same section for both.
fn scrape_configs(address: &str) -> String {
    let mut text = "global: {scrape_interval: 2s}\nscrape_configs:\n".to_owned();
    for target in 0..TARGETS {
        text += &format!(
            "  - job_name: app-{target}\n    metrics_path: /{target}/metrics\n    static_configs: [{{targets: [\"{address}\"]}}]\n"
        );
    }
    text
}

/// CPU microseconds a sample and resident bytes a series once every series is known.
async fn scraping(server: &Server, exporter: &Exporter) -> Result<(f64, f64), Failed> {
    wait(exporter, exporter.scrapes() + SETTLE_ROUNDS * TARGETS).await;
    let (cpu, scrapes) = (server.cpu()?, exporter.scrapes());
    wait(exporter, scrapes + ROUNDS * TARGETS).await;
    let used = server.cpu()? - cpu;
    let samples = (exporter.scrapes() - scrapes) * SERIES_PER_TARGET;
    let resident = server.resident_bytes()? / (TARGETS * SERIES_PER_TARGET) as f64;
    Ok((used.as_secs_f64() * 1e6 / samples as f64, resident))
}

async fn wait(exporter: &Exporter, scrapes: u64) {
    while exporter.scrapes() < scrapes {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// CPU microseconds a sample of requests as agents send them: 2,000 series with one sample each.
async fn writing(server: &Server) -> Result<f64, Failed> {
    const SERIES: usize = 10_000;
    const PER_REQUEST: usize = 2_000;
    const ROUNDS: i64 = 100;
    let labels: Vec<Labels> = (0..SERIES).map(agent_series).collect();
    let end = data::end()?.as_millis();
    let mut cpu = Duration::ZERO;
    let mut samples = 0;
    for round in 0..ROUNDS {
        let at = Timestamp::from_millis(end - (ROUNDS - round) * 15_000);
        let bodies: Vec<Vec<u8>> = labels
            .chunks(PER_REQUEST)
            .map(|labels| {
                let series = labels.iter().enumerate().map(|(number, labels)| WriteSeries {
                    labels: labels.clone(),
                    samples: vec![Sample { at, value: (round * (number as i64 % 13 + 1)) as f64 }],
                    ..WriteSeries::default()
                });
                encode_v1(&series.collect::<Vec<_>>())
            })
            .collect();
        let before = server.cpu()?;
        for body in bodies {
            server.write(body).await?;
        }
        // The first rounds make the series, which is another question.
        if round >= 10 {
            cpu += server.cpu()? - before;
            samples += SERIES;
        }
    }
    Ok(cpu.as_secs_f64() * 1e6 / samples as f64)
}

fn agent_series(number: usize) -> Labels {
    Labels::from_pairs([
        ("__name__".to_owned(), format!("app_{}_total", number % 100)),
        ("cluster".to_owned(), "eu-1".to_owned()),
        ("handler".to_owned(), "/api/v1/thing".to_owned()),
        ("instance".to_owned(), format!("10.1.{}.{}:8080", number / 5_000, number / 100 % 50)),
        ("job".to_owned(), "agent".to_owned()),
        ("shard".to_owned(), number.to_string()),
    ])
}

/// Bytes a sample on disk, once what can be packed is packed.
async fn keeping(server: &Server) -> Result<f64, Failed> {
    let samples = data::feed(&[server], &FAMILIES, 1_440, data::end()?).await?;
    // Both pack the past at their own pace: until nothing has become smaller for a while.
    let mut least = f64::INFINITY;
    let mut unchanged = 0;
    while unchanged < 75 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let bytes = crate::usage::disk_bytes(&server.data())?;
        unchanged = if bytes < least { 0 } else { unchanged + 1 };
        least = least.min(bytes);
    }
    Ok(least / samples as f64)
}
