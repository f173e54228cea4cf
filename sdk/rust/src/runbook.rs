//! The world `runbook`: what one is, and the macro that makes a component of it.

use crate::{Context, Manifest, Outcome, Result};

/// What [`runbook!`](crate::runbook!) writes; a test names it only to run it.
pub trait Runbook {
    /// What it says of itself.
    fn manifest() -> Manifest;

    /// Reads the parameters and runs.
    ///
    /// # Errors
    /// [`Invalid`](crate::Error::Invalid) where the parameters do not fit; else what the runbook returns. The host takes
    /// an error as a run that failed and tells a person.
    fn run(context: &Context) -> Result<Outcome>;
}

/// Makes a runbook of a function: the struct `Plugin`, which is a [`Runbook`], and on wasm32 the component's exports.
///
/// ```
/// use ballast_sdk::prelude::*;
///
/// runbook! {
///     name: "look-only",
///     summary: "Says what it would look at",
///     needs: [Incident => "writes what it sees on the timeline"],
///     run: look,
/// }
///
/// fn look(context: &Context) -> Result<Outcome> {
///     incident::note(format!("looking at {}", context.service))?;
///     Ok(Outcome::needs_person("looked"))
/// }
/// ```
/// In this order, with the optional parts in brackets: `name`, \[`version`, else the package's\], `summary`, `needs`,
/// \[`parameters`: a type that is `Deserialize` and then the function's second argument, \[`schema`: its JSON Schema\]\],
/// `run`. The needs are [capabilities](crate::Capability) with the reason that the operator reads before granting;
/// `Log` and `Timer` need none.
#[macro_export]
macro_rules! runbook {
    (
        name: $name:expr,
        $(version: $version:expr,)?
        summary: $summary:expr,
        needs: [$($capability:ident => $reason:expr),* $(,)?],
        $(parameters: $parameters:ty, $(schema: $schema:expr,)?)?
        run: $run:path $(,)?
    ) => {
        /// The runbook of this crate.
        pub struct Plugin;

        impl $crate::Runbook for Plugin {
            fn manifest() -> $crate::Manifest {
                $crate::Manifest {
                    name: ::std::string::String::from($name),
                    version: ::std::string::String::from($crate::runbook!(@version $($version)?)),
                    summary: ::std::string::String::from($summary),
                    parameters_schema: ::std::string::String::from(
                        $crate::runbook!(@schema $($parameters, $($schema)?)?)
                    ),
                    needs: ::std::vec![$($crate::Need::new($crate::Capability::$capability, $reason)),*],
                }
            }

            fn run(context: &$crate::Context) -> $crate::Result<$crate::Outcome> {
                $crate::runbook!(@run $run, context $(, $parameters)?)
            }
        }

        $crate::__export_runbook!(Plugin);
    };
    (@version) => { ::std::env!("CARGO_PKG_VERSION") };
    (@version $version:expr) => { $version };
    (@schema) => { "" };
    (@schema $parameters:ty,) => { "{\"type\":\"object\"}" };
    (@schema $parameters:ty, $schema:expr) => { $schema };
    (@run $run:path, $context:ident) => { $run($context) };
    (@run $run:path, $context:ident, $parameters:ty) => { $run($context, $context.parameters::<$parameters>()?) };
}

/// Natively there is nothing to export.
#[cfg(not(target_arch = "wasm32"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_runbook {
    ($plugin:ident) => {};
}

/// The component's two exports.
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_runbook {
    ($plugin:ident) => {
        const _: () = {
            struct Exported;

            impl $crate::__bindings::Guest for Exported {
                fn describe() -> $crate::Manifest {
                    $crate::__start();
                    <$plugin as $crate::Runbook>::manifest()
                }

                fn run(context: $crate::Context) -> $crate::Result<$crate::Outcome> {
                    $crate::__start();
                    <$plugin as $crate::Runbook>::run(&context)
                }
            }

    $crate::__bindings::export!(Exported with_types_in $crate::__bindings);
        };
    };
}
