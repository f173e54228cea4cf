//! What plugins keep from one run to the next, within bounds: a guest may fill its share, and neither memory nor disk.
//!
//! What a run may see of it is decided at the door. To forget is always possible, so that a plugin at its limit finds out.

use ballast_types::PluginName;
use ballast_types::event::{Event, Mutation, Record, RecordKey};
use ballast_types::limits::{
    PLUGIN_STATE_BYTES_MAX, PLUGIN_STATE_KEY_BYTES_MAX, PLUGIN_STATE_KEYS_MAX, PLUGIN_STATE_TOTAL_BYTES_MAX,
};

use super::{CommandError, Core, Draft, Reply, put};

impl Core {
    /// Keeps a value, or forgets it. Refuses what goes beyond a limit, and then changes nothing.
    pub(super) fn keep_plugin_state(
        &mut self,
        plugin: PluginName,
        key: String,
        value: Option<Vec<u8>>,
        draft: &mut Draft,
    ) -> Result<Reply, CommandError> {
        let mutation = match value {
            Some(value) => {
                self.check_plugin_state(&plugin, &key, &value).map_err(CommandError::Invalid)?;
                put(Record::PluginState { plugin, key, value })
            }
            None => Mutation::Remove(RecordKey::PluginState(plugin, key)),
        };
        self.apply(&mutation);
        draft.commit(Event::Noted, [mutation]);
        Ok(Reply::Done)
    }

    fn check_plugin_state(&self, plugin: &PluginName, key: &str, value: &[u8]) -> Result<(), String> {
        if key.len() > PLUGIN_STATE_KEY_BYTES_MAX {
            return Err(format!(
                "keep a value under a key of {} bytes: a key has at most {PLUGIN_STATE_KEY_BYTES_MAX}; shorten it",
                key.len()
            ));
        }
        if value.len() > PLUGIN_STATE_BYTES_MAX {
            return Err(format!(
                "keep `{key}`: its value has {} bytes of at most {PLUGIN_STATE_BYTES_MAX}; keep less of it",
                value.len()
            ));
        }
        let (keys, bytes) = self.kept_besides(plugin, key);
        if keys >= PLUGIN_STATE_KEYS_MAX {
            return Err(format!(
                "keep `{key}`: {plugin} keeps {keys} keys of at most {PLUGIN_STATE_KEYS_MAX}; set some to none first"
            ));
        }
        let total = bytes + key.len() + value.len();
        if total > PLUGIN_STATE_TOTAL_BYTES_MAX {
            return Err(format!(
                "keep `{key}`: {plugin} would keep {total} bytes of at most {PLUGIN_STATE_TOTAL_BYTES_MAX}; set some keys \
                 to none first"
            ));
        }
        Ok(())
    }

    /// Keys that a plugin keeps beside one, and the bytes of those keys and their values.
    fn kept_besides(&self, plugin: &PluginName, key: &str) -> (usize, usize) {
        let from = (plugin.clone(), String::new());
        let own = self.plugin_state.range(from..).take_while(|((owner, _), _)| owner == plugin);
        let others = own.filter(|((_, other), _)| other != key);
        others.fold((0, 0), |(keys, bytes), ((_, key), value)| (keys + 1, bytes + key.len() + value.len()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ballast_types::Timestamp;

    use super::*;
    use crate::core::{Input, Reaction};
    use crate::testing::settings;

    fn core() -> Core {
        Core::new(Arc::new(settings()), Vec::new())
    }

    fn set(core: &mut Core, plugin: &str, key: &str, value: Option<usize>) -> Reaction {
        let (plugin, value) = (PluginName::new(plugin), value.map(|bytes| vec![0; bytes]));
        core.handle(Input::PluginState { plugin, key: key.into(), value }, Timestamp::default())
    }

    /// What is refused says why, and leaves neither a commit nor a value.
    fn refused(core: &mut Core, key: &str, bytes: usize) -> String {
        let before = core.plugin_state.clone();
        let reaction = set(core, "fix", key, Some(bytes));
        assert!(reaction.commits.is_empty() && core.plugin_state == before);
        match reaction.reply {
            Err(CommandError::Invalid(text)) => text,
            other => panic!("not refused: {other:?}"),
        }
    }

    fn kept(core: &mut Core, key: &str, value: Option<usize>) {
        let reaction = set(core, "fix", key, value);
        assert!(reaction.reply.is_ok() && reaction.commits.len() == 1, "{:?}", reaction.reply);
    }

    #[test]
    fn a_key_and_a_value_have_a_greatest_length() {
        let mut core = core();
        let key = "k".repeat(PLUGIN_STATE_KEY_BYTES_MAX);
        kept(&mut core, &key, Some(PLUGIN_STATE_BYTES_MAX));
        let text = refused(&mut core, &format!("{key}k"), 1);
        assert_eq!(text, "keep a value under a key of 257 bytes: a key has at most 256; shorten it");
        let text = refused(&mut core, "k", PLUGIN_STATE_BYTES_MAX + 1);
        assert_eq!(text, "keep `k`: its value has 65537 bytes of at most 65536; keep less of it");
    }

    #[test]
    fn a_plugin_at_its_number_of_keys_changes_and_forgets_and_then_keeps_a_new_one() {
        let mut core = core();
        for n in 0..PLUGIN_STATE_KEYS_MAX {
            kept(&mut core, &format!("k{n}"), Some(1));
        }
        let text = refused(&mut core, "new", 1);
        assert_eq!(text, "keep `new`: fix keeps 1000 keys of at most 1000; set some to none first");
        kept(&mut core, "k7", Some(2));
        kept(&mut core, "k8", None);
        kept(&mut core, "new", Some(1));
    }

    #[test]
    fn a_plugin_fills_its_own_share_only() {
        let mut core = core();
        let shares = PLUGIN_STATE_TOTAL_BYTES_MAX / PLUGIN_STATE_BYTES_MAX;
        // Each key has two bytes, which count.
        for n in 10..10 + shares {
            kept(&mut core, &n.to_string(), Some(PLUGIN_STATE_BYTES_MAX - 2));
        }
        let text = refused(&mut core, "k", 0);
        assert_eq!(
            text,
            "keep `k`: fix would keep 1048577 bytes of at most 1048576; set some keys to none first"
        );
        kept(&mut core, "10", Some(PLUGIN_STATE_BYTES_MAX - 3));
        kept(&mut core, "k", Some(0));
        for other in ["fir", "fix2"] {
            assert!(set(&mut core, other, "k", Some(PLUGIN_STATE_BYTES_MAX)).reply.is_ok());
        }
    }
}
