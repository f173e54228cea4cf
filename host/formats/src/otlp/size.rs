//! Counts the messages of a body before they are built, since two bytes of a hostile one may stand for hundreds in memory.

use crate::wire::{Field, Fields, Malformed};

/// Which fields of a message are messages that are built, and of what shape.
struct Shape(&'static [(u32, &'static Shape)]);

static REQUEST: Shape = Shape(&[(1, &RESOURCE_METRICS)]);
static RESOURCE_METRICS: Shape = Shape(&[(1, &ATTRIBUTES_1), (2, &SCOPE_METRICS)]);
static ATTRIBUTES_1: Shape = Shape(&[(1, &KEY_VALUE)]);
static SCOPE_METRICS: Shape = Shape(&[(1, &SCOPE), (2, &METRIC)]);
static SCOPE: Shape = Shape(&[(3, &KEY_VALUE)]);
static METRIC: Shape =
    Shape(&[(5, &NUMBERS), (7, &NUMBERS), (9, &HISTOGRAMS), (10, &SKIPPED), (11, &SUMMARIES)]);
static NUMBERS: Shape = Shape(&[(1, &NUMBER_POINT)]);
static HISTOGRAMS: Shape = Shape(&[(1, &HISTOGRAM_POINT)]);
static SUMMARIES: Shape = Shape(&[(1, &SUMMARY_POINT)]);
static SKIPPED: Shape = Shape(&[(1, &LEAF)]);
static NUMBER_POINT: Shape = Shape(&[(5, &EXEMPLAR), (7, &KEY_VALUE)]);
static HISTOGRAM_POINT: Shape = Shape(&[(8, &EXEMPLAR), (9, &KEY_VALUE)]);
static SUMMARY_POINT: Shape = Shape(&[(6, &LEAF), (7, &KEY_VALUE)]);
static EXEMPLAR: Shape = Shape(&[(7, &KEY_VALUE)]);
static KEY_VALUE: Shape = Shape(&[(2, &ANY_VALUE)]);
static ANY_VALUE: Shape = Shape(&[(5, &ARRAY), (6, &ATTRIBUTES_1)]);
static ARRAY: Shape = Shape(&[(1, &ANY_VALUE)]);
static LEAF: Shape = Shape(&[]);

/// How deep messages may lie in each other; prost allows as much.
const DEPTH_MAX: usize = 100;

/// How many messages a protobuf body has; once there are more than `max` it counts no further.
pub(super) fn protobuf_messages(body: &[u8], max: usize) -> Result<usize, Malformed> {
    let mut count = 0;
    walk(body, &REQUEST, DEPTH_MAX, max, &mut count)?;
    Ok(count)
}

fn walk(
    message: &[u8],
    shape: &'static Shape,
    depth: usize,
    max: usize,
    count: &mut usize,
) -> Result<(), Malformed> {
    let depth = depth.checked_sub(1).ok_or(Malformed)?;
    let mut fields = Fields(message);
    while let Some((number, field)) = fields.next()? {
        let inner = shape.0.iter().find(|(known, _)| *known == number);
        if let (Some((_, shape)), Field::Bytes(message)) = (inner, field) {
            *count += 1;
            if *count > max {
                return Ok(());
            }
            walk(message, shape, depth, max, count)?;
        }
    }
    Ok(())
}

/// How many messages a JSON body has at most: each has a brace.
pub(super) fn json_messages(body: &[u8]) -> usize {
    memchr::memchr_iter(b'{', body).count()
}
