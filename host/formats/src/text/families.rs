//! What the metric families of a target are, remembered from body to body, so that only what changed is told.

use std::collections::HashMap;
use std::sync::Arc;

use ballast_types::ingest::{Metadata, MetricType};
use foldhash::fast::RandomState;

use super::meta::{self, MetaLine, Says};

/// Most families that are remembered for one target.
const FAMILIES_MAX: usize = 20_000;
/// Most bytes of a name or a help text that are kept; longer ones are not.
const TEXT_BYTES_MAX: usize = 16 << 10;

#[derive(Default)]
pub(super) struct Families {
    /// By the name as it is written.
    known: HashMap<Box<[u8]>, Family, RandomState>,
    generation: u32,
    touched: usize,
}

struct Family {
    name: Arc<str>,
    metadata: Metadata,
    generation: u32,
    is_new: bool,
}

impl Families {
    pub(super) fn begin(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        self.touched = 0;
    }

    /// The type of a family.
    pub(super) fn kind(&self, name: &str) -> Option<MetricType> {
        let quoted =
            || self.known.get(format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")).as_bytes());
        self.known.get(name.as_bytes()).or_else(quoted).map(|family| family.metadata.kind)
    }

    /// Notes what a line says.
    pub(super) fn note(&mut self, line: MetaLine<'_>) {
        let generation = self.generation;
        let Some(family) = self.family(line.name) else { return };
        let first = family.generation != generation;
        family.generation = generation;
        match line.says {
            Says::Type(kind) => {
                family.is_new |= family.metadata.kind != kind;
                family.metadata.kind = kind;
            }
            Says::Help(text) => family.is_new |= renew(&mut family.metadata.help, text),
            Says::Unit(text) => family.is_new |= renew(&mut family.metadata.unit, text),
            Says::BadType(_) => {}
        }
        self.touched += usize::from(first);
    }

    fn family(&mut self, written: &[u8]) -> Option<&mut Family> {
        if !self.known.contains_key(written) {
            let name = meta::family_name(written)?;
            if self.known.len() >= FAMILIES_MAX || written.len() > TEXT_BYTES_MAX {
                return None;
            }
            let generation = self.generation.wrapping_sub(1);
            let family =
                Family { name: name.into(), metadata: Metadata::default(), generation, is_new: true };
            self.known.insert(written.into(), family);
        }
        self.known.get_mut(written)
    }

    /// Forgets the families that this body did not name, and tells those that are new or have changed.
    pub(super) fn finish(&mut self) -> Vec<(Arc<str>, Metadata)> {
        if self.touched != self.known.len() {
            let generation = self.generation;
            self.known.retain(|_, family| family.generation == generation);
        }
        let mut changed = Vec::new();
        for family in self.known.values_mut().filter(|family| family.is_new) {
            family.is_new = false;
            changed.push((family.name.clone(), family.metadata.clone()));
        }
        changed.sort();
        changed
    }
}

/// Whether the text is another one than before.
fn renew(text: &mut Arc<str>, written: &[u8]) -> bool {
    if text.as_bytes() == written || written.len() > TEXT_BYTES_MAX {
        return false;
    }
    match meta::help_text(written) {
        Some(new) if *new != **text => {
            *text = new.into();
            true
        }
        _ => false,
    }
}
