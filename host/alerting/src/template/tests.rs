//! The language as rule files use it: a template, and what it yields for one result.

use rstest::rstest;

use super::*;

fn expand(text: &str) -> Result<String, String> {
    let labels = Labels::from_pairs([("job", "api"), ("instance", "db1.example.org:9100"), ("n", "3")]);
    let externals = Externals {
        labels: Labels::from_pairs([("region", "eu")]),
        url: "http://ballast:8080/x/".to_owned(),
    };
    let data =
        TemplateData { labels: &labels, value: 0.0543, externals: &externals, now: Timestamp::from_secs(60) };
    let mut query = |text: &str, at: Timestamp| match text {
        "none" => Ok(Vec::new()),
        "broken" => Err("no such thing".to_owned()),
        _ => Ok(vec![
            (Labels::from_pairs([("i", "b"), ("q", text)]), at.as_secs_f64()),
            (Labels::from_pairs([("i", "a")]), 1.5),
        ]),
    };
    Template::parse(text).map_err(|error| format!("parse: {error}"))?.expand(data, &mut query)
}

#[rstest]
#[case("plain", "plain")]
#[case("{{ $labels.job }} at {{ $value }}", "api at 0.0543")]
#[case("{{ .Labels.job }} {{ .Value }} {{ $.Labels.job }}", "api 0.0543 api")]
#[case("[{{ $labels.absent }}]", "[]")]
#[case(
    "{{ $externalLabels.region }} {{ $externalURL }} {{ externalURL }} {{ pathPrefix }}",
    "eu http://ballast:8080/x/ http://ballast:8080/x/ /x"
)]
#[case("{{ $labels }}", "map[instance:db1.example.org:9100 job:api n:3]")]
#[case("a {{- /* trimmed */ -}} b{{- `raw` -}} c", "abrawc")]
#[case(r#"{{ printf "%.1f%%" (100 | printf "%v" | humanize | printf "%s") }}"#, "%!f(string=100)%")]
#[case("{{ $value | humanizePercentage }}", "5.43%")]
#[case(r#"{{ printf "%.2f" $value }}"#, "0.05")]
#[case(r#"{{ 3661 | humanizeDuration }} {{ 1048576.0 | humanize1024 }} {{ humanize 1234 }} {{ "2000" | humanize }}"#, "1h 1m 1s 1Mi 1.234k 2k")]
#[case("{{ 0.5 | humanizeTimestamp }}", "1970-01-01 00:00:00.5 +0000 UTC")]
#[case(
    r#"{{ "high error rate" | title }} {{ toUpper $labels.job }} {{ toLower "X" }}"#,
    "High Error Rate API x"
)]
#[case(r#"{{ if match "^a.i$" $labels.job }}yes{{ else }}no{{ end }}"#, "yes")]
#[case(r#"{{ reReplaceAll "(.*):.*" "$1" $labels.instance }}"#, "db1.example.org")]
#[case("{{ $labels.instance | stripPort }} {{ stripDomain $labels.instance }}", "db1.example.org db1:9100")]
#[case(r#"{{ if gt $value 1.0 }}a{{ else if eq $labels.job "web" "api" }}b{{ else }}c{{ end }}"#, "b")]
#[case("{{ if and (gt $value 0.01) (not false) }}x{{ end }}{{ if or false nil }}y{{ end }}", "x")]
#[case("{{ if or true (query `broken`) }}not asked{{ end }}", "not asked")]
#[case("{{ with $labels.absent }}x{{ else }}none{{ end }}", "none")]
#[case("{{ with $x := $labels.job }}{{ . }}{{ $x }}{{ end }}", "apiapi")]
#[case(r#"{{ query "up" | first | value }}"#, "60")]
#[case(r#"{{ with query "up" }}{{ . | first | label "i" }} {{ (. | first).Labels.q }}{{ end }}"#, "b up")]
#[case(r#"{{ range query "up" | sortByLabel "i" }}{{ .Labels.i }}={{ .Value }};{{ end }}"#, "a=1.5;b=60;")]
#[case(r#"{{ range $n, $s := query "up" }}{{ $n }}{{ $s | value }},{{ else }}none{{ end }}"#, "060,11.5,")]
#[case(r#"{{ range query "none" }}x{{ else }}none{{ end }}"#, "none")]
#[case(r#"{{ range query "up" }}{{ if eq .Labels.i "a" }}{{ break }}{{ end }}{{ .Labels.i }}{{ end }}"#, "b")]
#[case(
    r#"{{ range $k, $v := $labels }}{{ if eq $k "job" }}{{ continue }}{{ end }}{{ $k }} {{ end }}"#,
    "instance n "
)]
#[case("{{ $n := 1 }}{{ if true }}{{ $n = 2 }}{{ end }}{{ $n }}", "2")]
#[case(r#"{{ query (printf "x{job=%q}" $labels.job) | first | label "q" }}"#, r#"x{job="api"}"#)]
#[case(r#"{{ len "abc" }} {{ index $labels "job" }} {{ print 1 2 "x" 3 }}"#, "3 api 1 2x3")]
#[case(r#"{{ "}}" }}{{ "a\tb\x41" }}"#, "}}a\tbA")]
#[case(r#"{{ parseDuration "1h30m" }} {{ now }} {{ -3 }} {{ 1e3 }} {{ 0x10 }}"#, "5400 60 -3 1000 16")]
#[case(
    r#"{{ "a b&c" | urlquery }} {{ html "<b>" }} {{ graphLink "up" }}"#,
    "a+b%26c &lt;b&gt; /graph?g0.expr=up&g0.tab=0"
)]
fn yields(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(expand(text), Ok(expected.to_owned()));
}

#[rstest]
#[case("{{ query `broken` }}", "error calling query: no such thing")]
#[case("{{ query `none` | first | value }}", "error calling first: the query has no result")]
#[case("{{ $labels.job | humanize }}", "error calling humanize: `api` is no number")]
#[case("{{ $.labels.job }}", "can't evaluate field labels in template data")]
#[case("{{ match `(` `x` }}", "error calling match: `(` is no regular expression")]
#[case("{{ lt $labels.job 3 }}", "error calling lt: can't compare string with int")]
#[case("{{ range $value }}{{ end }}", "range can't iterate over float64")]
#[case("{{ title }}", "error calling title: wrong number of arguments: got 0")]
fn fails_when_it_runs(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(expand(text), Err(expected.to_owned()));
}

#[rstest]
#[case("ab {{ $labels.x", 3, "this action has no `}}`")]
#[case("{{ $lables.x }}", 3, "undefined variable `$lables`")]
#[case("ü {{ humanise 3 }}", 5, "unknown function `humanise`")]
#[case("{{ if true }}x", 0, "this `if` has no `end`")]
#[case("x{{ end }}", 1, "this `end` has no beginning")]
#[case("{{ else }}", 0, "this `else` belongs to nothing")]
#[case("{{ if true }}{{ else }}{{ else }}{{ end }}", 23, "a second `else`")]
#[case("{{ }}", 0, "expected a value or a function")]
#[case("{{ $value | }}", 0, "expected a value or a function")]
#[case("{{ $value | .x }}", 12, "a function must follow `|`")]
#[case("{{ (print 1 }}", 3, "this `(` is not closed")]
#[case("{{ $labels.foo-bar }}", 14, "unexpected character `-`")]
#[case("{{ 'ab' }}", 5, "a text takes double quotes; single quotes hold one character")]
#[case("{{ \"ab }}", 3, "this text has no closing quote")]
#[case("{{ $value 3 }}", 3, "this is no function, so it takes no arguments")]
#[case("{{ break }}", 0, "`break` outside a `range`")]
#[case("{{ define \"x\" }}{{ end }}", 0, "`define` is not supported: a rule's template stands alone")]
#[case("{{ if $x := 1 }}{{ end }}{{ $x }}", 28, "undefined variable `$x`")]
fn refused_when_it_is_loaded(#[case] text: &str, #[case] offset: usize, #[case] message: &str) {
    let error = Template::parse(text).unwrap_err();
    assert_eq!((error.offset, error.message.as_str()), (offset, message));
}

#[test]
fn a_template_cannot_run_away() {
    let rows: Vec<(Labels, f64)> =
        (0..2000).map(|n| (Labels::from_pairs([("n", n.to_string())]), 1.0)).collect();
    let run = |text: &str| {
        let externals = Externals::default();
        let data =
            TemplateData { labels: &Labels::empty(), value: 1.0, externals: &externals, now: Timestamp::MIN };
        Template::parse(text).unwrap().expand(data, &mut |_, _| Ok(rows.clone())).unwrap_err()
    };
    let quadratic = "{{ range query `x` }}{{ range query `x` }}{{ if false }}{{ end }}{{ end }}{{ end }}";
    assert_eq!(run(quadratic), "the template takes more than 100000 steps");
    assert_eq!(
        run("{{ range query `x` }}{{ printf `%100d` 1 }}{{ end }}"),
        "the text grows beyond 65536 bytes"
    );
    let deep = "(".repeat(100_000);
    assert!(Template::parse(&format!("{{{{ {deep} }}}}")).unwrap_err().message.starts_with("nested deeper"));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in r#"[{}()|.$a-z "=:0-9'`\\-]{0,60}"#) {
        let _ = expand(&format!("{{{{ {text} }}}}"));
        let _ = expand(&text);
    }
}
