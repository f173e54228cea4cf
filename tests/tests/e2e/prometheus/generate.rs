//! Queries at random: every operator, aggregation and function that prometheus 2.42 and Ballast share, nested.

use ballast_tests::Random;

/// Makes queries; the same ones for the same seed.
pub struct Generator(pub Random);

const GAUGES: [&str; 2] = ["temperature", "limit"];
const COUNTERS: [&str; 2] = ["requests_total", "errors_total"];
const MATCHERS: [&str; 9] = [
    "",
    "",
    "",
    "{job=\"j1\"}",
    "{instance=~\"i[0-5]\"}",
    "{zone!=\"z0\"}",
    "{instance!~\"i1.*\"}",
    "{job=~\"j0|j2\"}",
    "{absent=\"\"}",
];
const RANGES: [&str; 5] = ["1m", "5m", "90s", "12m", "37s"];
const SHIFTS: [&str; 6] = ["", "", "", " offset 3m", " offset -1m", " @ end()"];
const LABELS: [&str; 4] = ["job", "instance", "zone", "absent"];

impl Generator {
    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.0.below(from.len() as u64) as usize]
    }

    /// A query that yields an instant vector.
    pub fn vector(&mut self, depth: u32) -> String {
        let kinds = if depth == 0 { 3 } else { 11 };
        match self.0.below(kinds) {
            0 => self.selector(&GAUGES),
            1 => self.rate(),
            2 => self.over_time(),
            3 => self.aggregate(depth - 1),
            4 => self.choose(depth - 1),
            5 => self.with_scalar(depth - 1),
            6 => self.with_vector(depth - 1),
            7 => self.element(depth - 1),
            8 => self.set(depth - 1),
            9 => self.labels(depth - 1),
            _ => self.subquery(depth - 1),
        }
    }

    fn selector(&mut self, names: &[&str]) -> String {
        format!("{}{}{}", self.pick(names), self.pick(&MATCHERS), self.pick(&SHIFTS))
    }

    fn range(&mut self, names: &[&str]) -> String {
        let (name, matchers, range) = (self.pick(names), self.pick(&MATCHERS), self.pick(&RANGES));
        format!("{name}{matchers}[{range}]{}", self.pick(&SHIFTS))
    }

    fn rate(&mut self) -> String {
        let function = self.pick(&["rate", "increase", "irate", "resets", "changes"]);
        format!("{function}({})", self.range(&COUNTERS))
    }

    fn over_time(&mut self) -> String {
        let plain = ["avg", "min", "max", "sum", "count", "stddev", "stdvar", "last", "present"];
        let range = self.range(&GAUGES);
        match self.0.below(6) {
            0 => format!("quantile_over_time(0.{}, {range})", self.0.below(10)),
            1 => format!("delta({range})"),
            2 => format!("deriv({range})"),
            3 => format!("predict_linear({range}, {})", self.0.below(600)),
            4 => format!("idelta({range})"),
            _ => format!("{}_over_time({range})", self.pick(&plain)),
        }
    }

    fn grouping(&mut self) -> String {
        let (keyword, label, other) = (self.pick(&["by", "without"]), self.pick(&LABELS), self.pick(&LABELS));
        match self.0.below(4) {
            0 => String::new(),
            1 => format!(" {keyword} ({label})"),
            2 => format!(" {keyword} ()"),
            _ => format!(" {keyword} ({label}, {other})"),
        }
    }

    fn aggregate(&mut self, depth: u32) -> String {
        let name = self.pick(&["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"]);
        let grouping = self.grouping();
        match self.0.below(5) {
            0 => format!("quantile{grouping} (0.{}, {})", self.0.below(10), self.vector(depth)),
            _ => format!("{name}{grouping} ({})", self.vector(depth)),
        }
    }

    fn choose(&mut self, depth: u32) -> String {
        let name = self.pick(&["topk", "bottomk"]);
        let grouping = self.grouping();
        format!("{name}{grouping} ({}, {})", 1 + self.0.below(4), self.vector(depth))
    }

    fn operator(&mut self) -> &'static str {
        self.pick(&[
            "+", "-", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "<=", "> bool", "== bool", "atan2",
        ])
    }

    fn with_scalar(&mut self, depth: u32) -> String {
        let number =
            self.pick(&["2", "0.5", "-3", "100", "0", "1e3", "Inf", "scalar(limit{instance=\"i1\"})"]);
        let (operator, vector) = (self.operator(), self.vector(depth));
        if self.0.below(2) == 0 {
            format!("({vector}) {operator} {number}")
        } else {
            format!("{number} {operator} ({vector})")
        }
    }

    fn with_vector(&mut self, depth: u32) -> String {
        let (left, right, operator) = (self.vector(depth), self.vector(depth), self.operator());
        match self.0.below(4) {
            0 => format!("({left}) {operator} on (instance) ({right})"),
            1 => format!("({left}) {operator} ignoring (zone) ({right})"),
            2 => format!("({left}) {operator} on (job) group_left () max by (job) ({right})"),
            _ => format!("({left}) {operator} ({right})"),
        }
    }

    fn element(&mut self, depth: u32) -> String {
        let plain = [
            "abs",
            "ceil",
            "floor",
            "exp",
            "ln",
            "log2",
            "log10",
            "sqrt",
            "sgn",
            "round",
            "sin",
            "cos",
            "atan",
            "deg",
            "rad",
            "timestamp",
            "minute",
            "day_of_week",
        ];
        let vector = self.vector(depth);
        match self.0.below(7) {
            0 => format!("clamp({vector}, -5, {})", self.0.below(50)),
            1 => format!("clamp_min({vector}, {})", self.0.below(50)),
            2 => format!("round({vector}, {})", 1 + self.0.below(10)),
            3 => format!("-({vector})"),
            4 => format!("absent({vector})"),
            _ => format!("{}({vector})", self.pick(&plain)),
        }
    }

    fn set(&mut self, depth: u32) -> String {
        let (left, right) = (self.vector(depth), self.vector(depth));
        let operator = self.pick(&["and", "or", "unless"]);
        let matching = self.pick(&["", " on (job)", " ignoring (instance)", " on ()"]);
        format!("({left}) {operator}{matching} ({right})")
    }

    fn labels(&mut self, depth: u32) -> String {
        let vector = self.vector(depth);
        match self.0.below(3) {
            0 => format!("label_replace({vector}, \"copy\", \"$1-x\", \"instance\", \"i(.*)\")"),
            1 => format!("label_join({vector}, \"joined\", \"/\", \"job\", \"zone\")"),
            _ => format!(
                "histogram_quantile(0.{}, rate(latency_seconds_bucket[{}]))",
                self.0.below(10),
                self.pick(&RANGES)
            ),
        }
    }

    fn subquery(&mut self, depth: u32) -> String {
        let function =
            self.pick(&["avg_over_time", "max_over_time", "sum_over_time", "count_over_time", "delta"]);
        let (step, shift) = (self.pick(&["30s", "1m", "17s"]), self.pick(&["", "", " offset 1m"]));
        format!("{function}(({})[5m:{step}]{shift})", self.vector(depth))
    }
}
