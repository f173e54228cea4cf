//! Supervision: a task of the engine that breaks off is a defect of the host. It is told at once, and from then on the host
//! does not count as alive, so that whoever runs it starts it again; nothing is lost by that.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;

/// Names of the tasks that broke off.
#[derive(Clone, Debug, Default)]
pub(crate) struct Broken(Arc<Mutex<Vec<&'static str>>>);

impl Broken {
    /// All of them.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs a task, and takes note where it breaks off.
    pub(crate) async fn watch(self, name: &'static str, task: impl Future<Output = ()>) {
        // What the task shared with others is behind locks that survive a panic.
        if AssertUnwindSafe(task).catch_unwind().await.is_err() {
            tracing::error!(task = name, "a task of the host broke off; restart the host");
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_task_that_breaks_off_is_noted() {
        let broken = Broken::default();
        broken.clone().watch("sound", async {}).await;
        broken.clone().watch("unsound", async { panic!("on purpose") }).await;
        assert_eq!(broken.names(), ["unsound"]);
    }
}
