//! Function calls: over windows, element by element, on dates; the others have modules of their own.

use ballast_types::Sample;

use super::{Context, Outcome, Scalars, WindowSummaries, histogram, label_functions, summaries, whole};
use crate::EvalError;
use crate::columns::{ABSENT, Frame, Header, Slider, Tracks, is_present};
use crate::functions::calendar::date_kernel;
use crate::functions::math::{Each, each_kernel};
use crate::functions::sliding::{self, Rising};
use crate::functions::window::{Reduce, Window, WindowKernel, extended_reduce, window_kernel};
use crate::notes::wording;
use crate::plan::Extended;

/// Evaluates a call at all instants.
pub(super) fn evaluate(cx: &mut Context<'_>, function: &'static str) -> Result<Outcome, EvalError> {
    if let Some(kernel) = window_kernel(function) {
        return over_windows(cx, kernel);
    }
    if let Some(compute) = each_kernel(function) {
        return Ok(on_each(cx, compute));
    }
    if let Some(compute) = date_kernel(function) {
        return Ok(on_dates(cx, compute));
    }
    if let Some(outcome) = whole::evaluate(cx, function) {
        return Ok(outcome);
    }
    match function {
        "label_replace" => label_functions::replace(cx),
        "label_join" => label_functions::join(cx),
        "histogram_quantile" => histogram::quantile(cx),
        "histogram_quantiles" => histogram::several_quantiles(cx),
        "histogram_fraction" => histogram::fraction(cx),
        // Of native histograms only; floats have none of it.
        _ => Ok(Outcome::vector(Frame::new(cx.steps()))),
    }
}

fn over_windows(cx: &mut Context<'_>, kernel: &'static WindowKernel) -> Result<Outcome, EvalError> {
    let is_windows =
        |input: &usize| matches!(cx.input(*input), Some(Outcome::Tracks(_) | Outcome::Summaries(_)));
    let Some(place) = (0..cx.arity()).find(is_windows) else {
        return Ok(Outcome::vector(Frame::new(cx.steps())));
    };
    let scalars: Vec<Scalars> =
        (0..cx.arity()).filter(|input| *input != place).map(|input| cx.scalar(input)).collect();
    let frame = match cx.take(place) {
        Outcome::Summaries(all) => match summaries::reduce(kernel, &all, cx.steps()) {
            Some(frame) => frame,
            None => over_tracks(cx, kernel, &reread(cx, &all)?, &scalars)?,
        },
        Outcome::Tracks(tracks) => over_tracks(cx, kernel, &tracks, &scalars)?,
        _ => Frame::new(cx.steps()),
    };
    if kernel.for_counters {
        let mut told = "";
        for name in frame.headers().iter().filter_map(|header| header.labels.metric_name()) {
            if name != told {
                wording::possibly_no_counter(&mut cx.notes, Some(place + 1), name);
                told = name;
            }
        }
    }
    Ok(Outcome::vector(frame))
}

fn reread(cx: &Context<'_>, all: &WindowSummaries) -> Result<Tracks, EvalError> {
    summaries::reread(cx, all)
}

fn over_tracks(
    cx: &mut Context<'_>,
    kernel: &'static WindowKernel,
    tracks: &Tracks,
    scalars: &[Scalars],
) -> Result<Frame, EvalError> {
    cx.budget.afford(tracks.tracks.len().saturating_mul(cx.steps()))?;
    let mut frame = Frame::with_room(cx.steps(), tracks.tracks.len());
    let refuse = |reason: String| EvalError::Parameter { function: kernel.name, reason };
    let reduce = match tracks.extended {
        None => kernel.reduce,
        Some(extended) => extended_reduce(kernel, extended == Extended::Smoothed).map_err(refuse)?,
    };
    let mut asked = Asked { kernel, at: vec![scalars.is_empty(); cx.steps()] };
    let windows = Rising::new(&tracks.windows).filter(|_| tracks.extended.is_none());
    for (header, samples) in &tracks.tracks {
        cx.budget.check()?;
        let drop_name = header.drop_name || !kernel.keeps_name;
        let column = frame.push_absent(Header { labels: header.labels.clone(), drop_name });
        if windows.is_some_and(|windows| sliding::slide(kernel, samples, windows, column)) {
            continue;
        }
        each_window(cx, (reduce, tracks, scalars), samples, &mut asked, column)?;
    }
    frame.compact();
    Ok(frame)
}

/// At which instants the parameters were looked at already.
struct Asked {
    kernel: &'static WindowKernel,
    at: Vec<bool>,
}

fn each_window(
    cx: &mut Context<'_>,
    (reduce, tracks, scalars): (Reduce, &Tracks, &[Scalars]),
    samples: &[Sample],
    asked: &mut Asked,
    column: &mut [f64],
) -> Result<(), EvalError> {
    let mut slider = Slider::new(samples);
    let mut now: Vec<f64> = Vec::with_capacity(scalars.len());
    let (before_ms, after_ms) = match tracks.extended {
        None => (0, 0),
        Some(Extended::Anchored) => (cx.lookback_ms, 0),
        Some(Extended::Smoothed) => (cx.lookback_ms, cx.lookback_ms),
    };
    let steps = tracks.windows.iter().zip(cx.task.grid.iter()).zip(column).zip(&mut asked.at).enumerate();
    for (step, (((bounds, at_ms), slot), asked_here)) in steps {
        let mut seen = *bounds;
        seen.start_ms = seen.start_ms.saturating_sub(before_ms);
        seen.end_ms = seen.end_ms.saturating_add(after_ms);
        let samples = slider.next(seen);
        if samples.is_empty() {
            continue;
        }
        now.clear();
        now.extend(scalars.iter().map(|values| values.get(step).copied().unwrap_or(f64::NAN)));
        if !*asked_here {
            *asked_here = true;
            let kernel = asked.kernel;
            (kernel.refuses)(&now)
                .map_err(|reason| EvalError::Parameter { function: kernel.name, reason })?;
            if let Some(phi) = now.first().filter(|_| kernel.takes_quantile) {
                wording::quantile_out_of_range(&mut cx.notes, Some(1), *phi);
            }
        }
        let window = Window { samples, bounds: *bounds, at_ms: *at_ms, scalars: &now };
        *slot = reduce(&window).unwrap_or(ABSENT);
    }
    Ok(())
}

fn on_each(cx: &mut Context<'_>, compute: Each) -> Outcome {
    let scalars: Vec<Scalars> = (1..cx.arity()).map(|input| cx.scalar(input)).collect();
    let mut frame = cx.own_vector(0);
    let mut now: Vec<f64> = Vec::with_capacity(scalars.len());
    for (header, column) in frame.columns_mut() {
        header.drop_name = true;
        for (step, value) in column.iter_mut().enumerate().filter(|(_, value)| is_present(**value)) {
            now.clear();
            now.extend(scalars.iter().map(|values| values.get(step).copied().unwrap_or(f64::NAN)));
            *value = compute(*value, &now).unwrap_or(ABSENT);
        }
    }
    frame.compact();
    Outcome::vector(frame)
}

/// Without an argument, of the instant of the evaluation.
fn on_dates(cx: &mut Context<'_>, compute: fn(f64) -> f64) -> Outcome {
    if cx.arity() == 0 {
        let mut frame = Frame::new(cx.steps());
        frame.push(Header::new(ballast_types::Labels::empty()), cx.seconds().map(compute));
        return Outcome::vector(frame);
    }
    on_each_date(cx, compute)
}

fn on_each_date(cx: &mut Context<'_>, compute: fn(f64) -> f64) -> Outcome {
    let mut frame = cx.own_vector(0);
    for (header, column) in frame.columns_mut() {
        header.drop_name = true;
        column.iter_mut().filter(|value| is_present(**value)).for_each(|value| *value = compute(*value));
    }
    Outcome::vector(frame)
}
