//! Several instant vectors as one query: each is marked with a label of its own, joined by `or`, and told apart afterwards.

use ballast_ports::RemoteValue;
use ballast_types::Labels;

/// The label that marks whose element it is.
const MARK: &str = "ballast_query";
/// Most bytes of a joined query: what goes through any proxy.
const QUERY_BYTES_MAX: usize = 16 << 10;

/// Cuts the queries into runs that may travel together.
pub(super) fn plan(queries: &[String], batch_max: usize) -> Vec<&[String]> {
    let mut batches = Vec::new();
    let mut rest = queries;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = |query: &&String| {
            bytes += query.len();
            bytes <= QUERY_BYTES_MAX
        };
        let count = rest.iter().take(batch_max).take_while(fits).count().max(1);
        let (batch, more) = rest.split_at(count);
        batches.push(batch);
        rest = more;
    }
    batches
}

/// One query for all of them.
pub(super) fn join(queries: &[String]) -> String {
    let marked = queries.iter().enumerate();
    // A line of its own for each: a comment at the end of a query must not swallow what follows.
    let marked = marked.map(|(index, query)| {
        format!("label_replace(\n(\n{query}\n),\n\"{MARK}\", \"{index}\", \"\", \"\")")
    });
    marked.collect::<Vec<_>>().join("\nor\n")
}

/// The answers of each of `count` queries.
pub(super) fn split(value: RemoteValue, count: usize) -> Vec<RemoteValue> {
    let mut vectors = vec![Vec::new(); count];
    let elements = match value {
        RemoteValue::Vector(elements) => elements,
        RemoteValue::Scalar(_) | RemoteValue::Matrix(_) | RemoteValue::Text(_) => Vec::new(),
    };
    for (labels, sample) in elements {
        let whose = labels.get(MARK).and_then(|mark| mark.parse::<usize>().ok());
        if let Some(vector) = whose.and_then(|index| vectors.get_mut(index)) {
            vector.push((unmarked(&labels), sample));
        }
    }
    vectors.into_iter().map(RemoteValue::Vector).collect()
}

fn unmarked(labels: &Labels) -> Labels {
    labels.filtered(|name| name != MARK)
}
