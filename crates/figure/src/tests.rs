use super::*;
use proptest::prelude::*;

/// Checks that the SVG is XML with finite numbers only and that the PNG is one.
fn check(figure: &Figure) -> String {
    let svg = figure.to_svg();
    let document = roxmltree::Document::parse(&svg).unwrap();
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        for attribute in node.attributes() {
            let value = attribute.value();
            // In the letters of an embedded picture anything can stand by chance.
            if value.starts_with("data:image/png;base64,") {
                continue;
            }
            assert!(
                !value.contains("NaN") && !value.contains("inf"),
                "{} {value:.80}",
                node.tag_name().name()
            );
        }
    }
    let png = figure.to_png();
    let mut reader = png_reader(&png);
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    svg
}

fn png_reader(bytes: &[u8]) -> ::png::Reader<std::io::Cursor<&[u8]>> {
    ::png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap()
}

/// The box of each text of an SVG: its words, left, right, top and bottom, in points.
fn text_boxes(svg: &str) -> Vec<(String, [f64; 4])> {
    let document = roxmltree::Document::parse(svg).unwrap();
    document
        .descendants()
        .filter(|n| n.has_tag_name("text"))
        .map(|node| {
            let number =
                |name| node.attribute(name).map_or(0.0, |v: &str| v.parse::<f64>().unwrap());
            let content: String =
                node.descendants().filter(|d| d.is_text()).filter_map(|d| d.text()).collect();
            let weight = if node.attribute("font-weight").is_some() {
                font::Weight::Bold
            } else {
                font::Weight::Regular
            };
            let (x, y, size) = (number("x"), number("y"), number("font-size"));
            let width = font::text_width(&content, size, weight);
            let start = match node.attribute("text-anchor") {
                Some("middle") => -width / 2.0,
                Some("end") => -width,
                _ => 0.0,
            };
            let corners = [
                (start, -size * 0.72),
                (start + width, -size * 0.72),
                (start, size * 0.21),
                (start + width, size * 0.21),
            ];
            let angle = node.attribute("transform").map_or(0.0, |t| {
                t[7..].split(' ').next().unwrap().parse::<f64>().unwrap().to_radians()
            });
            let turned = corners.map(|(u, v)| {
                (
                    x + u * libm::cos(angle) - v * libm::sin(angle),
                    y + u * libm::sin(angle) + v * libm::cos(angle),
                )
            });
            let low =
                |pick: fn(&(f64, f64)) -> f64| turned.iter().map(pick).fold(f64::MAX, f64::min);
            let high =
                |pick: fn(&(f64, f64)) -> f64| turned.iter().map(pick).fold(f64::MIN, f64::max);
            (content, [low(|p| p.0), high(|p| p.0), low(|p| p.1), high(|p| p.1)])
        })
        .collect()
}

/// No word leaves the page.
fn assert_nothing_cut(svg: &str) {
    let document = roxmltree::Document::parse(svg).unwrap();
    let size: Vec<f64> = document
        .root_element()
        .attribute("viewBox")
        .unwrap()
        .split(' ')
        .map(|v| v.parse().unwrap())
        .collect();
    for (content, [left, right, top, bottom]) in text_boxes(svg) {
        assert!(
            left >= -0.5 && right <= size[2] + 0.5 && top >= -0.5 && bottom <= size[3] + 0.5,
            "{content:?} at {left}..{right}, {top}..{bottom} leaves {size:?}"
        );
    }
}

fn assert_no_overlap(svg: &str) {
    let boxes = text_boxes(svg);
    for (i, (a, p)) in boxes.iter().enumerate() {
        for (b, q) in &boxes[i + 1..] {
            let apart = p[1] <= q[0] + 0.1
                || q[1] <= p[0] + 0.1
                || p[3] <= q[2] + 0.1
                || q[3] <= p[2] + 0.1;
            assert!(apart, "{a:?} {p:?} lies on {b:?} {q:?}");
        }
    }
}

fn example() -> Figure {
    let x: Vec<f64> = (0..50).map(f64::from).collect();
    let y: Vec<f64> = x.iter().map(|v| libm::sin(v * 0.3) * 1e-4).collect();
    let plot = Plot::new("A & B < C")
        .x_axis(Axis::new("time").unit("ms"))
        .y_axis(Axis::new("w_{ij}").unit("a \"unit\""))
        .with(Line::new(&x, &y).band(&y, &x).label("<one> & 'two'").marker(Marker::Diamond))
        .with(Scatter::new(&x, &y).label("points"));
    let spikes = Plot::new("Spikes")
        .x_axis(Axis::new("time").unit("ms"))
        .with(Spikes::new((0..900).map(|i| (f64::from(i), (i * 7 % 100) as usize))).label("E"));
    let groups = GroupChart::boxes("Groups", ["a", "b"])
        .series("s", Color::BLUE, vec![x.clone(), y.clone()])
        .series("t", Color::SKY, vec![y, x])
        .bracket((0, 0), (1, 1), "p < 0.001");
    let map = Heatmap::new("Map", &[1.0, 2.0], &[0.1, 0.2], &[1.0, 2.0, 3.0, f64::NAN])
        .annotate(1)
        .color_axis(Axis::new("rate").unit("Hz"));
    Figure::new().title("All").columns(2).panel(plot).panel(spikes).panel(groups).panel(map)
}

#[test]
fn the_same_figure_gives_the_same_bytes() {
    assert_eq!(example().to_svg(), example().to_svg());
    assert_eq!(example().to_png(), example().to_png());
}

#[test]
fn structure() {
    let svg = check(&example());
    assert_nothing_cut(&svg);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let root = document.root_element();
    assert_eq!(root.attribute("width"), Some("680"));
    let words: Vec<String> = text_boxes(&svg).into_iter().map(|(content, _)| content).collect();
    for word in [
        "All",
        "a",
        "b",
        "c",
        "d",
        "A & B < C",
        "<one> & 'two'",
        "time (ms)",
        "p < 0.001",
        "rate (Hz)",
    ] {
        assert!(words.iter().any(|w| w == word), "{word} in {words:?}");
    }
    // The power of ten moved from the tick labels into the axis label, raised.
    assert!(document.descendants().any(|n| n.has_tag_name("tspan") && n.text() == Some("ij")));
    // 900 spikes are one path.
    let longest = document
        .descendants()
        .filter_map(|n| n.attribute("d"))
        .map(|d| d.matches('M').count())
        .max();
    assert_eq!(longest, Some(900));
    let png = example().to_png();
    assert_eq!(png_reader(&png).info().width, 1360);
}

#[test]
fn nothing_to_show_says_so() {
    let nan = [f64::NAN; 3];
    let panels: Vec<Panel> = vec![
        Plot::new("").into(),
        Plot::new("")
            .with(Line::new(&nan, &nan).errors(&nan, &nan).band(&nan, &nan))
            .with(Scatter::new(&[], &[1.0]))
            .into(),
        Plot::new("")
            .x_axis(Axis::new("x").log())
            .y_axis(Axis::new("").log())
            .with(Line::new(&[-1.0, 0.0], &[-1.0, 0.0]))
            .into(),
        Plot::new("").with(Histogram::count(&nan, 0.0, f64::INFINITY, 5)).into(),
        Stack::new("", Axis::new("")).into(),
        GroupChart::bars("", ["a"]).into(),
        GroupChart::boxes("", ["a"]).series("", Color::BLUE, vec![nan.to_vec()]).into(),
        Heatmap::new("", &[], &[], &[]).into(),
        Heatmap::matrix("", 2, 2, &[f64::NAN; 4]).into(),
        RegionMap::new("", &[1.0], &[1.0]).into(),
        ImageGrid::new("").into(),
        ImageGrid::new("").row("a", [(Picture::grey(0, 0, &[]), "")]).into(),
        NetworkGraph::new("").into(),
    ];
    for panel in panels {
        let figure = Figure::single(panel);
        assert!(check(&figure).contains("no data"), "{figure:?}");
    }
    check(&Figure::new());
}

#[test]
fn a_silent_network_has_no_negative_rates() {
    let (time, rate) = ([0.0, 1.0, 2.0], [0.0; 3]);
    let axes = [Axis::new("rate"), Axis::new("rate").from(0.0), Axis::new("rate").include(0.0)];
    for axis in axes {
        let plots: [Panel; 2] = [
            Plot::new("").y_axis(axis.clone()).with(Line::new(&time, &rate)).into(),
            GroupChart::bars("", ["a"])
                .y_axis(axis)
                .series("", Color::BLUE, vec![rate.to_vec()])
                .into(),
        ];
        for plot in plots {
            let words = text_boxes(&Figure::single(plot).to_svg());
            let negative = words.iter().filter(|(content, _)| content.starts_with('−'));
            assert_eq!(negative.count(), 0, "{words:?}");
        }
    }
    // A lower end that is asked for is kept.
    let signed = Plot::new("").y_axis(Axis::new("").range(-2.0, 2.0)).with(Line::new(&time, &rate));
    let words = text_boxes(&Figure::single(signed).to_svg());
    assert!(words.iter().any(|(content, _)| content == "−2"), "{words:?}");
}

#[test]
fn a_small_figure_with_long_words_stays_on_its_page() {
    let long = "a very long label that goes on and on and on";
    let plot = Plot::new(long)
        .x_axis(Axis::new(long))
        .y_axis(Axis::new("y"))
        .with(Line::new(&[1.0, 1e9], &[0.0, 1.0]).label(long));
    check(&Figure::new().width(120.0).panel(plot));
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -100.0_f64..100.0,
        1 => Just(0.0),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(f64::MAX),
        1 => Just(-f64::MAX),
        1 => Just(f64::MIN_POSITIVE),
        1 => Just(5e-324),
        2 => (-300.0_f64..300.0).prop_map(|e| libm::pow(10_f64, e)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_numbers_give_a_figure(
        x in prop::collection::vec(number(), 0..12),
        y in prop::collection::vec(number(), 0..12),
        ends in (number(), number()),
        log in any::<(bool, bool)>(),
    ) {
        let axis = |log: bool| if log { Axis::new("a").log() } else { Axis::new("a").include(ends.1) };
        let plot = Plot::new("t")
            .x_axis(axis(log.0))
            .y_axis(axis(log.1))
            .with(Line::new(&x, &y).band(&y, &x).errors(&x, &y).steps())
            .with(Scatter::new(&y, &x))
            .with(Histogram::new(&x, &y).density())
            .with(Span::new(ends.0, ends.1))
            .with(Rule::vertical(ends.0))
            .with(Rule::horizontal(ends.1))
            .with(Spikes::new(x.iter().map(|&t| (t, 3))));
        let fixed = Plot::new("t").x_axis(axis(log.0).range(ends.0, ends.1)).y_axis(axis(log.1).from(ends.1)).with(Line::new(&x, &y));
        let groups = GroupChart::bars("t", ["a", "b"]).y_axis(axis(log.1)).series("s", Color::BLUE, vec![x.clone(), y.clone()])
            .series_with_intervals("i", Color::SKY, vec![(ends.0, ends.1, ends.0)], vec![]);
        let boxes = GroupChart::boxes("t", ["a", "b"]).y_axis(axis(log.1)).series("s", Color::BLUE, vec![x.clone(), y.clone()]);
        let map = Heatmap::new("t", &x, &y, &y).color_axis(axis(log.0)).annotate(2);
        let matrix = Heatmap::matrix("t", 3, 4, &x).color_range(ends.0, ends.1);
        let graph = NetworkGraph::new("t").layer("l", [("a", Color::BLUE), ("b", Color::SKY)]).edge((0, 0), (0, 1), ends.0).edge((0, 1), (3, 1), ends.1);
        check(&Figure::new().columns(3).panel(plot).panel(fixed).panel(groups).panel(boxes).panel(map).panel(matrix).panel(graph));
    }

    #[test]
    fn any_words_are_escaped(text in "\\PC{0,30}|[<>&\"'^_{}\u{0}-\u{1f}]{0,20}") {
        let plot = Plot::new(&text).x_axis(Axis::new(&text).unit(&text)).with(Line::new(&[1.0], &[1.0]).label(&text));
        let graph = NetworkGraph::new(&text).layer(&text, [(text.clone(), Color::BLUE)]);
        check(&Figure::new().title(&text).columns(2).panel(Panel::new(plot).note(&text)).panel(graph));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn words_of_a_plot_never_touch_or_leave_the_page(
        low in -1e4_f64..1e4, log_span in -3.0_f64..8.0, log in any::<(bool, bool)>(), columns in 1_usize..4, height in 50.0_f64..200.0,
    ) {
        let high = low + libm::pow(10_f64, log_span);
        let axis = |log: bool| {
            if log { Axis::new("axis").unit("Hz").log().range(libm::pow(10_f64, log_span - 4.0), libm::pow(10_f64, log_span)) } else { Axis::new("axis").unit("ms").range(low, high) }
        };
        let mut figure = Figure::new().columns(columns).panel_height(height);
        for _ in 0..columns {
            figure = figure.panel(
                Plot::new("Title").x_axis(axis(log.0)).y_axis(axis(log.1)).with(Rule::horizontal(low).label("one")).with(Rule::vertical(low).label("two")),
            );
        }
        let svg = figure.letters(false).to_svg();
        // "no data" stands in the middle of the plot and is no word of the axes.
        assert_no_overlap(&svg);
        assert_nothing_cut(&svg);
    }
}
