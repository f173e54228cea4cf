//! What Ballast does about a problem, decided purely: which runbook answers which alert, whether a call is permitted and
//! a guard lets it pass, how a journal is replayed, whether a remediation helped, and the step of an execution.
//!
//! No I/O, no clock, no lock: every function takes what it judges and the present instant. The engine performs.

pub mod funnel;
pub mod grant;
pub mod guard;
pub mod policy;
pub mod replay;
pub mod run;
pub mod verification;

pub use funnel::{Funnel, funnel};
pub use grant::permit;
pub use guard::{EffectLog, Guards};
pub use policy::{RunbookPolicy, choose};
pub use replay::{Replay, ReplayStep};
pub use run::{RunAction, RunError, RunInput, step};
pub use verification::{Verification, VerificationPolicy};
