//! `absent` and `absent_over_time`: one element where there is nothing, labelled by what was asked for.

use ballast_types::Labels;

use super::{Context, Outcome};
use crate::EvalError;
use crate::columns::{ABSENT, Frame, Header, Slider, is_present};

/// 1 at the instants at which the input has nothing.
pub(super) fn evaluate(cx: &mut Context<'_>, labels: &Labels) -> Result<Outcome, EvalError> {
    let mut there = vec![false; cx.steps()];
    match cx.take(0) {
        Outcome::Vector(frame) => {
            for (_, column) in frame.columns() {
                there.iter_mut().zip(column).for_each(|(there, value)| *there |= is_present(*value));
            }
        }
        Outcome::Tracks(tracks) => {
            for (_, samples) in &tracks.tracks {
                let mut slider = Slider::new(samples);
                for (there, window) in there.iter_mut().zip(&tracks.windows) {
                    *there |= !slider.next(*window).is_empty();
                }
            }
        }
        _ => {}
    }
    let mut frame = Frame::with_room(cx.steps(), 1);
    frame.push(Header::new(labels.clone()), there.iter().map(|there| if *there { ABSENT } else { 1.0 }));
    frame.compact();
    Ok(Outcome::vector(frame))
}
