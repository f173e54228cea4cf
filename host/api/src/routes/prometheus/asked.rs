//! The parameters of a request under `/api/v1`, from the address and from a form, and how each kind of them is read.

use std::time::Duration;

use axum::Form;
use axum::extract::{FromRequest, Query, Request};
use axum::http::Method;
use ballast_engine::Choice;
use ballast_types::{Matcher, TimeRange, Timestamp, parse_duration};

use super::refusal::Refusal;
use crate::wire::parse::seconds_or_instant;

/// How Prometheus writes the earliest instant that it knows, and the latest: years that no calendar has.
const EARLIEST: &str = "-292273086-05-16T16:47:06Z";
const LATEST: &str = "292277025-08-18T07:12:54.999999999Z";
/// Longest length of time that is read from a number, in seconds: far beyond any range, and exact in milliseconds.
const SECS_MAX: f64 = 9e12;

/// What was asked, in order: names and values, a name as often as it was given.
#[derive(Debug, Default)]
pub(crate) struct Asked(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Asked {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let address = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
        let Query(of_address) = address.map_err(|rejection| Refusal::bad(rejection.body_text()))?;
        if request.method() != Method::POST {
            return Ok(Asked(of_address));
        }
        let Form(mut all) = Form::<Vec<(String, String)>>::from_request(request, state).await?;
        all.extend(of_address);
        Ok(Asked(all))
    }
}

impl Asked {
    /// The first value of a name, where it says something.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
        value.filter(|text| !text.is_empty())
    }

    /// Every value of a name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Seconds since the epoch, or RFC 3339.
    pub(crate) fn instant(&self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        self.text(name).map(|text| instant(name, text)).transpose()
    }

    /// Seconds, or a duration as Prometheus writes it.
    pub(crate) fn duration(&self, name: &str) -> Result<Option<f64>, Refusal> {
        self.text(name).map(|text| seconds(name, text)).transpose()
    }

    /// A length of time that is more than nothing.
    pub(crate) fn positive(&self, name: &str) -> Result<Option<Duration>, Refusal> {
        let length = self.duration(name)?.filter(|secs| *secs > 0.0);
        Ok(length.map(Duration::from_secs_f64))
    }

    /// A number of things; 0 is no limit.
    pub(crate) fn limit(&self, name: &str) -> Result<usize, Refusal> {
        let Some(text) = self.text(name) else { return Ok(0) };
        match text.parse::<i64>() {
            Ok(limit) => {
                usize::try_from(limit).map_err(|_| Refusal::parameter(name, "limit must be non-negative"))
            }
            Err(_) => Err(Refusal::parameter(name, format!("`{text}` is no whole number"))),
        }
    }

    /// A yes or no.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.text(name) {
            None | Some("false" | "0" | "f" | "F" | "FALSE" | "False") => Ok(false),
            Some("true" | "1" | "t" | "T" | "TRUE" | "True") => Ok(true),
            Some(other) => Err(Refusal::parameter(name, format!("`{other}` is neither true nor false"))),
        }
    }

    /// Every selector under `match[]`.
    pub(crate) fn selectors(&self) -> Result<Vec<Vec<Matcher>>, Refusal> {
        let read = |text: &str| {
            let matchers = ballast_engine::parse_selector(text);
            let matchers = matchers.map_err(|error| Refusal::unparsed("match[]", &error))?;
            match matchers.iter().all(|matcher| matcher.matches_value("")) {
                true => {
                    Err(Refusal::parameter("match[]", "match[] must contain at least one non-empty matcher"))
                }
                false => Ok(matchers),
            }
        };
        self.all("match[]").map(read).collect()
    }

    /// The series that `match[]`, `start` and `end` choose.
    pub(crate) fn choice(&self) -> Result<Choice, Refusal> {
        let start = self.instant("start")?.unwrap_or(Timestamp::MIN);
        let end = self.instant("end")?.unwrap_or(Timestamp::MAX);
        if end < start {
            return Err(Refusal::parameter("end", "end timestamp must not be before start time"));
        }
        Ok(Choice { selectors: self.selectors()?, range: TimeRange { start, end } })
    }
}

fn instant(name: &str, text: &str) -> Result<Timestamp, Refusal> {
    match text {
        EARLIEST => Ok(Timestamp::MIN),
        _ if text.trim_start_matches('+') == LATEST => Ok(Timestamp::MAX),
        _ => seconds_or_instant(name, text)
            .map_err(|_| Refusal::parameter(name, format!("cannot parse \"{text}\" to a valid timestamp"))),
    }
}

fn seconds(name: &str, text: &str) -> Result<f64, Refusal> {
    let refuse = || Refusal::parameter(name, format!("cannot parse \"{text}\" to a valid duration"));
    match text.parse::<f64>() {
        Ok(secs) if secs.abs() <= SECS_MAX => Ok(secs),
        Ok(_) => Err(refuse()),
        Err(_) => parse_duration(text).map(|length| length.as_secs_f64()).map_err(|_| refuse()),
    }
}
