//! What happens before an export's own code runs.

use std::panic;
use std::sync::Once;

/// Makes a panic say why before it traps: on this target its message would go nowhere.
pub fn start() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| panic::set_hook(Box::new(|info| crate::log::error(&info.to_string()))));
}
