//! `storage`, `rules`, `plugins`: where things lie on the disk. Paths are relative to the configuration's folder.

use std::path::PathBuf;
use std::time::Duration;

use ballast_tsdb::Options as SeriesOptions;

use crate::config::context::Context;
use crate::config::map::Map;
use crate::config::tree::Node;
use crate::config::value;

/// Samples are kept so long where nothing is said.
pub(crate) const RETENTION_DEFAULT: Duration = Duration::from_secs(15 * 86_400);

/// Where state and samples are kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Storage {
    /// The bounds of the series store.
    pub(crate) series: SeriesOptions,
    /// The data folder.
    pub(crate) path: Option<PathBuf>,
    /// How long samples are kept.
    pub(crate) retention: Duration,
}

impl Default for Storage {
    fn default() -> Self {
        Storage { series: SeriesOptions::default(), path: None, retention: RETENTION_DEFAULT }
    }
}

/// Where components are, and where compiled ones are kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plugins {
    /// Folder of components.
    pub(crate) path: Option<PathBuf>,
    /// Folder of compiled ones.
    pub(crate) cache: Option<PathBuf>,
}

/// `path`, `retention`, `retentionSize`, `outOfOrderWindow`, `seriesMax`.
pub(in crate::config) fn read_storage(context: &Context<'_>, node: &Node) -> Option<Storage> {
    let mut map = Map::of(context, node);
    let mut series = SeriesOptions::default();
    series.bytes_max = map.get("retentionSize", value::size).map_or(series.bytes_max, |size| size as u64);
    series.out_of_order_ms = map
        .get("outOfOrderWindow", value::duration)
        .map_or(series.out_of_order_ms, |window| i64::try_from(window.as_millis()).unwrap_or(i64::MAX >> 8));
    series.series_max = map.get("seriesMax", value::count(1)).map_or(series.series_max, |most| most as usize);
    let storage = Storage {
        series,
        path: map.get("path", value::path),
        retention: map.get("retention", value::span).unwrap_or(RETENTION_DEFAULT),
    };
    map.finish();
    Some(storage)
}

/// `path`.
pub(in crate::config) fn read_rules(context: &Context<'_>, node: &Node) -> Option<PathBuf> {
    let mut map = Map::of(context, node);
    let path = map.get("path", value::folder);
    map.finish();
    path
}

/// `path`, `cache`.
pub(in crate::config) fn read_plugins(context: &Context<'_>, node: &Node) -> Option<Plugins> {
    let mut map = Map::of(context, node);
    let plugins = Plugins { path: map.get("path", value::folder), cache: map.get("cache", value::path) };
    map.finish();
    Some(plugins)
}
