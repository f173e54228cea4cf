//! The words of the language: kinds of tokens, keywords, and how a token is called in an error.
//!
//! Keywords are recognised in any case. Whether one may stand for a metric or a label is the grammar's business.

use super::ast::{Aggregation, Arithmetic, Comparison, Operator, SetOperator, Span};
use super::quote::quote;

/// A token: what it is, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The text ends.
    End,
    /// The text cannot be cut further; the lexer keeps why.
    Broken,
    /// A name without a colon.
    Identifier,
    /// A name with a colon.
    MetricIdentifier,
    Number,
    Duration,
    Text,
    LeftParen,
    RightParen,
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    Comma,
    Colon,
    /// `=`
    Equal,
    /// `=~`
    MatchesRegex,
    /// `!~`
    MatchesNotRegex,
    At,
    Operator(Operator),
    Aggregation(Aggregation),
    Keyword(Keyword),
}

/// Words with a meaning of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Offset,
    Anchored,
    Smoothed,
    By,
    Without,
    On,
    Ignoring,
    GroupLeft,
    GroupRight,
    Fill,
    FillLeft,
    FillRight,
    Bool,
    Start,
    End,
    Step,
    Range,
    /// Later versions call a duration's `min` so.
    MinOf,
    /// As [`Keyword::MinOf`].
    MaxOf,
}

impl Kind {
    /// The kind of a word outside braces and brackets.
    pub(super) fn of_word(word: &str) -> Kind {
        let lower = word.to_ascii_lowercase();
        if let "inf" | "nan" = lower.as_str() {
            return Kind::Number;
        }
        operator_word(&lower)
            .map(Kind::Operator)
            .or_else(|| aggregation(&lower).map(Kind::Aggregation))
            .or_else(|| keyword(&lower).map(Kind::Keyword))
            .unwrap_or(if word.contains(':') { Kind::MetricIdentifier } else { Kind::Identifier })
    }

    /// Whether the token may be a metric's name outside braces.
    pub(super) fn is_metric_name(self) -> bool {
        use Keyword as K;
        match self {
            Kind::Identifier | Kind::MetricIdentifier | Kind::Aggregation(_) => true,
            Kind::Operator(Operator::Set(_)) => true,
            Kind::Keyword(keyword) => {
                !matches!(keyword, K::Bool | K::On | K::Ignoring | K::GroupLeft | K::GroupRight)
            }
            _ => false,
        }
    }

    /// Whether the token may be a label's name in a list.
    pub(super) fn is_label_name(self) -> bool {
        let is_atan2 = self == Kind::Operator(Operator::Arithmetic(Arithmetic::Atan2));
        is_atan2
            || matches!(self, Kind::Keyword(_))
            || (self.is_metric_name() && self != Kind::MetricIdentifier)
    }

    /// What an error calls a token with this text.
    pub(super) fn describe(self, text: &str) -> String {
        use Keyword as K;
        let shown = quote(text.as_bytes());
        match self {
            Kind::End | Kind::Broken => "end of input".to_owned(),
            Kind::Identifier => format!("identifier {shown}"),
            Kind::MetricIdentifier => format!("metric identifier {shown}"),
            Kind::Number => format!("number {}", shortened(text)),
            Kind::Duration => format!("duration {}", shortened(text)),
            Kind::Text => format!("string {}", shortened(text)),
            Kind::At | Kind::Operator(_) | Kind::MatchesRegex | Kind::MatchesNotRegex => {
                format!("<op:{text}>")
            }
            Kind::Aggregation(_) => format!("<aggr:{text}>"),
            Kind::Keyword(K::Start | K::End | K::Step | K::Range) => shown,
            Kind::Keyword(_) => format!("<{text}>"),
            _ => shown,
        }
    }
}

/// At most ten characters of a text, in quotes.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(10) {
        Some((end, _)) => format!("{}...", quote(text.get(..end).unwrap_or_default().as_bytes())),
        None => quote(text.as_bytes()),
    }
}

fn operator_word(word: &str) -> Option<Operator> {
    Some(match word {
        "and" => Operator::Set(SetOperator::And),
        "or" => Operator::Set(SetOperator::Or),
        "unless" => Operator::Set(SetOperator::Unless),
        "atan2" => Operator::Arithmetic(Arithmetic::Atan2),
        _ => return None,
    })
}

fn aggregation(word: &str) -> Option<Aggregation> {
    Aggregation::ALL.into_iter().find(|aggregation| aggregation.as_str() == word)
}

fn keyword(word: &str) -> Option<Keyword> {
    use Keyword as K;
    Some(match word {
        "offset" => K::Offset,
        "anchored" => K::Anchored,
        "smoothed" => K::Smoothed,
        "by" => K::By,
        "without" => K::Without,
        "on" => K::On,
        "ignoring" => K::Ignoring,
        "group_left" => K::GroupLeft,
        "group_right" => K::GroupRight,
        "fill" => K::Fill,
        "fill_left" => K::FillLeft,
        "fill_right" => K::FillRight,
        "bool" => K::Bool,
        "start" => K::Start,
        "end" => K::End,
        "step" => K::Step,
        "range" => K::Range,
        "min_of" => K::MinOf,
        "max_of" => K::MaxOf,
        _ => return None,
    })
}

impl Aggregation {
    /// All of them.
    pub const ALL: [Aggregation; 14] = [
        Aggregation::Sum,
        Aggregation::Avg,
        Aggregation::Min,
        Aggregation::Max,
        Aggregation::Count,
        Aggregation::Group,
        Aggregation::Stddev,
        Aggregation::Stdvar,
        Aggregation::Topk,
        Aggregation::Bottomk,
        Aggregation::Quantile,
        Aggregation::CountValues,
        Aggregation::Limitk,
        Aggregation::LimitRatio,
    ];

    /// Its name in the language.
    pub fn as_str(self) -> &'static str {
        match self {
            Aggregation::Sum => "sum",
            Aggregation::Avg => "avg",
            Aggregation::Min => "min",
            Aggregation::Max => "max",
            Aggregation::Count => "count",
            Aggregation::Group => "group",
            Aggregation::Stddev => "stddev",
            Aggregation::Stdvar => "stdvar",
            Aggregation::Topk => "topk",
            Aggregation::Bottomk => "bottomk",
            Aggregation::Quantile => "quantile",
            Aggregation::CountValues => "count_values",
            Aggregation::Limitk => "limitk",
            Aggregation::LimitRatio => "limit_ratio",
        }
    }

    /// Whether it takes a parameter before the vector.
    pub fn has_parameter(self) -> bool {
        use Aggregation as A;
        matches!(self, A::Topk | A::Bottomk | A::Quantile | A::CountValues | A::Limitk | A::LimitRatio)
    }

    /// Whether it needs the switch for experimental functions.
    pub fn is_experimental(self) -> bool {
        matches!(self, Aggregation::Limitk | Aggregation::LimitRatio)
    }
}

impl Operator {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Operator::Arithmetic(Arithmetic::Add) => "+",
            Operator::Arithmetic(Arithmetic::Subtract) => "-",
            Operator::Arithmetic(Arithmetic::Multiply) => "*",
            Operator::Arithmetic(Arithmetic::Divide) => "/",
            Operator::Arithmetic(Arithmetic::Modulo) => "%",
            Operator::Arithmetic(Arithmetic::Power) => "^",
            Operator::Arithmetic(Arithmetic::Atan2) => "atan2",
            Operator::Comparison(Comparison::Equal) => "==",
            Operator::Comparison(Comparison::NotEqual) => "!=",
            Operator::Comparison(Comparison::Greater) => ">",
            Operator::Comparison(Comparison::Less) => "<",
            Operator::Comparison(Comparison::GreaterOrEqual) => ">=",
            Operator::Comparison(Comparison::LessOrEqual) => "<=",
            Operator::Set(SetOperator::And) => "and",
            Operator::Set(SetOperator::Or) => "or",
            Operator::Set(SetOperator::Unless) => "unless",
        }
    }

    /// How tightly it binds; more binds tighter.
    pub(super) fn precedence(self) -> u8 {
        match self {
            Operator::Set(SetOperator::Or) => 1,
            Operator::Set(_) => 2,
            Operator::Comparison(_) => 3,
            Operator::Arithmetic(Arithmetic::Add | Arithmetic::Subtract) => 4,
            Operator::Arithmetic(Arithmetic::Power) => POWER,
            Operator::Arithmetic(_) => 5,
        }
    }
}

/// How tightly `^` binds: tighter than a sign, and from the right.
pub(super) const POWER: u8 = 6;
