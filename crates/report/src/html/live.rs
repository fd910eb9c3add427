//! A chart that answers the mouse: what Plotly is told in the reader's browser.

use annbench_store::results::{Estimate, Tier};
use plotly::{
    Layout, Plot, Scatter, Trace,
    common::{
        Anchor, DashType, ErrorData, ErrorType, HoverInfo, Line as Stroke, Marker, MarkerSymbol,
        Mode, Orientation,
    },
    layout::{Axis, AxisType, HoverMode, Legend},
};
use serde_json::{Value, json};

use crate::charts::{Chart, Dimension, Extent, Kind, Line, Mark, axis::Axis as Scale};

/// Marks as in [`crate::charts`]'s pictures, full and hollow; `style.css` has a colour for each.
const SYMBOLS: [(MarkerSymbol, MarkerSymbol); 6] = [
    (MarkerSymbol::Circle, MarkerSymbol::CircleOpen),
    (MarkerSymbol::Square, MarkerSymbol::SquareOpen),
    (MarkerSymbol::TriangleUp, MarkerSymbol::TriangleUpOpen),
    (MarkerSymbol::Diamond, MarkerSymbol::DiamondOpen),
    (MarkerSymbol::TriangleDown, MarkerSymbol::TriangleDownOpen),
    (MarkerSymbol::Cross, MarkerSymbol::CrossOpen),
];

const DASHES: [DashType; 6] = [
    DashType::Solid,
    DashType::Dash,
    DashType::Dot,
    DashType::DashDot,
    DashType::LongDash,
    DashType::LongDashDot,
];

/// Height of a chart with its axes, in pixels.
const HEIGHT: usize = 370;

/// Height of a line of the legend: it takes one for each name, where they are long.
const ENTRY_HEIGHT: usize = 19;

/// Where the legend begins, as a share of the plot's height: below the axis and its title.
const LEGEND_AT: f64 = -0.26;

/// Plotly's own script, as the crate `plotly` carries it. Its other script, for formulas, is left
/// out: no chart here has one, and it is as long again as all the rest of the page.
///
/// `None` if the crate hands its scripts over in another form than this code knows.
pub(super) fn library() -> Option<String> {
    let sources = Plot::offline_js_sources();
    let (_, rest) = sources.split_once("<script type=\"text/javascript\">")?;
    let (script, _) = rest.split_once("</script>")?;
    Some(script.to_owned())
}

/// The chart for the page's script: traces, layout.
pub(super) fn figure(chart: &Chart) -> Value {
    let traces: Vec<Value> = chart
        .lines
        .iter()
        .enumerate()
        .flat_map(|(at, line)| traces(line, dash(&chart.lines[..at], line)))
        .collect();
    json!({ "traces": traces, "layout": layout(chart) })
}

/// Curves of one colour differ in their strokes.
fn dash(before: &[Line], line: &Line) -> DashType {
    let same = before.iter().filter(|other| other.series == line.series);
    DASHES[same.count() % DASHES.len()].clone()
}

fn layout(chart: &Chart) -> Layout {
    // Hung up by its top, a legend grows away from the axis; else it grows over the axis' title.
    let legend = Legend::new()
        .orientation(Orientation::Horizontal)
        .y_anchor(Anchor::Top)
        .y(LEGEND_AT);
    let [x, y] = chart.axes([[0.0, 1.0]; 2]);
    Layout::new()
        .x_axis(axis(&chart.x, &x))
        .y_axis(axis(&chart.y, &y))
        .legend(legend)
        .hover_mode(HoverMode::Closest)
        .height(HEIGHT + ENTRY_HEIGHT * chart.lines.len())
}

/// The ticks of a logarithmic axis are the picture's: Plotly's own are digits without their power,
/// and know no units. On others it finds better ones as a reader looks closer.
fn axis(dimension: &Dimension, scale: &Scale) -> Axis {
    let axis = Axis::new().title(plain(&dimension.title));
    let axis = match dimension.extent {
        Extent::Log | Extent::Tail => axis.type_(AxisType::Log),
        Extent::Share | Extent::Plain if dimension.named.is_empty() => return axis,
        Extent::Share | Extent::Plain => axis,
    };
    let (values, texts) = dimension.ticks(scale).into_iter().unzip();
    axis.tick_values(values).tick_text(texts)
}

/// Marks on the front are full, others hollow: a trace each, that the legend hides together.
fn traces(line: &Line, dash: DashType) -> Vec<Value> {
    let is_full = |mark: &&Mark| mark.tier == Some(Tier::Front);
    let (full, hollow): (Vec<&Mark>, Vec<&Mark>) = line.marks.iter().partition(is_full);
    let (solid, open) = SYMBOLS[line.series % SYMBOLS.len()].clone();
    let all: Vec<&Mark> = line.marks.iter().collect();
    match line.kind {
        Kind::Front => vec![front(line, &all)],
        Kind::Cloud => vec![cloud(line, &all)],
        Kind::Rings => vec![rings(line, &all, open)],
        Kind::Curve => {
            let curve = marked(line, &all, solid, Mode::LinesMarkers);
            vec![coloured(line, curve.line(Stroke::new().dash(dash)))]
        }
        Kind::Points => {
            let shown = [(full, solid), (hollow, open)].into_iter();
            let shown = shown.filter(|(marks, _)| !marks.is_empty()).enumerate();
            let trace = |(at, (marks, symbol)): (usize, (Vec<&Mark>, MarkerSymbol))| {
                let trace = marked(line, &marks, symbol, Mode::Markers);
                coloured(line, trace.show_legend(at == 0))
            };
            shown.map(trace).collect()
        }
    }
}

fn front(line: &Line, marks: &[&Mark]) -> Value {
    let stroke = Stroke::new().dash(DashType::Dash).width(1.2);
    let trace = scatter(line, marks).mode(Mode::Lines);
    let trace = trace.line(stroke).hover_info(HoverInfo::Skip);
    serde_json::from_str(&trace.to_json()).unwrap_or_default()
}

/// Dots that tell nothing but where they are.
fn cloud(line: &Line, marks: &[&Mark]) -> Value {
    let dots = Marker::new().size(4).opacity(0.5);
    let trace = scatter(line, marks).mode(Mode::Markers).marker(dots);
    coloured(line, trace.hover_info(HoverInfo::Skip))
}

/// Marks so small and empty that what lies beneath them is seen.
fn rings(line: &Line, marks: &[&Mark], symbol: MarkerSymbol) -> Value {
    let ring = Marker::new().symbol(symbol).size(7);
    let trace = scatter(line, marks).mode(Mode::Markers).marker(ring);
    coloured(line, told(trace, marks))
}

fn marked(
    line: &Line,
    marks: &[&Mark],
    symbol: MarkerSymbol,
    mode: Mode,
) -> Box<Scatter<f64, f64>> {
    let trace = scatter(line, marks)
        .mode(mode)
        .marker(Marker::new().symbol(symbol).size(10));
    told(trace, marks)
        .error_x(whiskers(marks.iter().map(|mark| mark.x)))
        .error_y(whiskers(marks.iter().map(|mark| mark.y)))
}

/// With what is told of each mark where a reader points at it.
fn told(trace: Box<Scatter<f64, f64>>, marks: &[&Mark]) -> Box<Scatter<f64, f64>> {
    let texts = marks.iter().map(|mark| plain(&mark.text)).collect();
    trace.hover_text_array(texts).hover_info(HoverInfo::Text)
}

fn scatter(line: &Line, marks: &[&Mark]) -> Box<Scatter<f64, f64>> {
    let x = marks.iter().map(|mark| mark.x.value).collect();
    let y = marks.iter().map(|mark| mark.y.value).collect();
    let name = plain(&line.name);
    Scatter::new(x, y).name(&name).legend_group(&name)
}

fn whiskers(estimates: impl Iterator<Item = Estimate> + Clone) -> ErrorData {
    let above = estimates.clone().map(|e| e.high - e.value).collect();
    let below = estimates.map(|e| e.value - e.low).collect();
    ErrorData::new(ErrorType::Data)
        .symmetric(false)
        .array(above)
        .array_minus(below)
        .thickness(1.2)
        .width(0)
}

/// With the number of its colour, which the page's script looks up by day and by night.
fn coloured(line: &Line, trace: Box<Scatter<f64, f64>>) -> Value {
    let mut trace: Value = serde_json::from_str(&trace.to_json()).unwrap_or_default();
    trace["meta"] = json!(line.series % SYMBOLS.len());
    trace
}

/// Plotly reads some tags in texts; here all text means itself.
fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn figures() -> Vec<Value> {
        let charts = Chart::trade_offs(&fixture::run());
        charts.iter().map(figure).collect()
    }

    #[test]
    fn the_library_is_plotlys_script_alone() {
        let library = library().unwrap();
        assert!(library.trim_start().starts_with("/**\n* plotly.js"));
        // With the script for formulas it would be beyond 6 MB.
        assert!(
            (1_000_000..5_000_000).contains(&library.len()),
            "{}",
            library.len()
        );
    }

    #[test]
    fn every_mark_is_in_a_trace_with_its_text_and_its_interval() {
        let charts = Chart::trade_offs(&fixture::run());
        for (chart, figure) in charts.iter().zip(figures()) {
            let points = chart.lines.iter().filter(|line| line.kind != Kind::Front);
            let texts: Vec<String> = points
                .flat_map(|line| line.marks.iter().map(|mark| plain(&mark.text)))
                .collect();
            let traces = figure["traces"].as_array().unwrap().iter();
            let drawn: Vec<&str> = traces
                .filter_map(|trace| trace["hovertext"].as_array())
                .flat_map(|texts| texts.iter().filter_map(Value::as_str))
                .collect();
            assert_eq!(drawn.len(), texts.len(), "{}", chart.name);
            assert!(texts.iter().all(|text| drawn.contains(&text.as_str())));
        }
        let first = &figures()[0]["traces"][1];
        let [high, low] = ["array", "arrayminus"].map(|side| first["error_x"][side][0].as_f64());
        assert!(high.unwrap() >= 0.0 && low.unwrap() > 0.0);
    }

    #[test]
    fn ticks_of_a_logarithmic_axis_are_whole_numbers_with_units() {
        let run = fixture::run();
        let [speed, build] = ["recall-qps-single", "build-qps"].map(|name| {
            let charts = Chart::trade_offs(&run);
            let chart = charts.iter().find(|chart| chart.name == name).unwrap();
            figure(chart)["layout"].clone()
        });
        assert_eq!(speed["yaxis"]["ticktext"][0], "200");
        assert_eq!(speed["yaxis"]["tickvals"][0], 200.0);
        let texts = build["xaxis"]["ticktext"].as_array().unwrap();
        assert!(texts.contains(&json!("1.0 s")), "{texts:?}");
        assert_eq!(speed["xaxis"].get("tickvals"), None);
    }

    #[test]
    fn curves_of_one_index_type_differ_in_their_strokes() {
        let mut chart = Chart::latencies(&fixture::run()).remove(0);
        chart.lines = vec![chart.lines[0].clone(); 3];
        let traces = figure(&chart)["traces"].clone();
        let dashes = [0, 1, 2].map(|at: usize| traces[at]["line"]["dash"].clone());
        assert_eq!(dashes, ["solid", "dash", "dot"]);
    }

    #[test]
    fn more_lines_make_a_chart_higher_and_rings_are_small_and_open() {
        let run = fixture::run();
        let [few, many] = [1, 8].map(|lines| {
            let mut chart = Chart::latencies(&run).remove(0);
            chart.lines = vec![chart.lines[0].clone(); lines];
            figure(&chart)["layout"].clone()
        });
        assert_eq!(few["legend"]["yanchor"], "top");
        assert!(many["height"].as_u64() > few["height"].as_u64());
        let map = figure(&Chart::map(&run).unwrap());
        let marker = &map["traces"][2]["marker"];
        assert_eq!(marker["symbol"], "square-open");
        assert!(marker["size"].as_u64() < Some(10), "{marker}");
    }

    #[test]
    fn a_hostile_name_can_neither_end_the_script_nor_be_a_tag() {
        let mut chart = Chart::trade_offs(&fixture::run()).remove(0);
        chart.lines[1].name = "</script><a href=\"x\">".into();
        let text = super::super::data(&figure(&chart)).into_string();
        assert!(!text.contains('<'));
        let told: Value = serde_json::from_str(&text).unwrap();
        let name = told["traces"][1]["name"].as_str().unwrap();
        assert_eq!(name, "&lt;/script>&lt;a href=\"x\">");
    }
}
