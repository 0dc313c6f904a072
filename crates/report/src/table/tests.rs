use equipoise_figure::number::significant;

use super::*;

fn example() -> Table {
    let mut table = Table::new("A <caption>")
        .column(Column::text("regime"))
        .column(Column::number("PSNR").unit("dB").decimals(2).best(Best::Highest))
        .column(Column::number("loss").format(NumberFormat::Scientific(1)).best(Best::Lowest))
        .column(Column::p_value("p"))
        .note("n = 3 & more");
    table.row([
        "balanced".into(),
        Cell::interval(29.651, 29.5, 29.8),
        0.0105.into(),
        0.00004.into(),
    ]);
    table.row(["a|b, \"c\" <d>".into(), 28.73.into(), 0.0186.into(), Cell::Missing]);
    table.row(["nan".into(), f64::NAN.into(), f64::INFINITY.into(), 0.5.into()]);
    table
}

#[test]
fn csv_round_trip() {
    let csv_text = example().to_csv();
    let mut reader = csv::Reader::from_reader(csv_text.as_bytes());
    assert_eq!(
        reader.headers().unwrap().iter().collect::<Vec<_>>(),
        ["regime", "psnr_db", "psnr_db_low", "psnr_db_high", "loss", "p"]
    );
    let rows: Vec<Vec<String>> =
        reader.records().map(|r| r.unwrap().iter().map(String::from).collect()).collect();
    assert_eq!(rows[0], ["balanced", "29.651", "29.5", "29.8", "0.0105", "0.00004"]);
    assert_eq!(rows[1], ["a|b, \"c\" <d>", "28.73", "", "", "0.0186", ""]);
    assert!(rows[2][1].parse::<f64>().unwrap().is_nan());
    assert_eq!(rows[2][4].parse::<f64>().unwrap(), f64::INFINITY);
}

#[test]
fn text_is_aligned_and_marks_the_best() {
    let text = example().to_text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "A <caption>");
    assert_eq!(lines[1], "regime                   PSNR (dB)       loss        p");
    assert!(lines[3].ends_with("29.65 [29.50, 29.80]*  1.1×10⁻²*  <0.001"), "{}", lines[3]);
    assert!(lines[4].starts_with("a|b, \"c\" <d>"));
    // What the star means is said once, before the notes.
    assert!(lines[6].starts_with('*') && lines.iter().filter(|l| l.starts_with('*')).count() == 1);
    assert_eq!(lines[7], "n = 3 & more");
}

#[test]
fn html_is_well_formed_and_escaped() {
    let html = example().to_html();
    let document = roxmltree::Document::parse(&html).unwrap();
    let cells: Vec<String> = document
        .descendants()
        .filter(|n| n.has_tag_name("td"))
        .map(|n| n.descendants().filter_map(|d| d.text().filter(|_| d.is_text())).collect())
        .collect();
    assert_eq!(cells[4], "a|b, \"c\" <d>");
    assert_eq!(cells[1], "29.65 [29.50, 29.80]");
    assert_eq!(document.descendants().filter(|n| n.has_tag_name("strong")).count(), 2);
    assert!(html.contains("10<sup>−2</sup>"));
}

#[test]
fn raised_and_lowered_everywhere() {
    let mut table = Table::new("by σ_{1}")
        .column(Column::text("σ_{1} (s^{-1})"))
        .column(Column::number("x^{2}"))
        .note("of w_{1}");
    table.row(["w_{1}".into(), 1.0.into()]);
    let html = table.to_html();
    let words: String = [table.to_text(), table.to_markdown()].concat() + &html;
    assert_eq!(words.matches("_{").count() + words.matches("^{").count(), 0, "{words}");
    assert_eq!(html.matches("<sub>1</sub>").count(), 4);
    assert!(table.to_text().contains("σ₁ (s⁻¹)"));
}

#[test]
fn columns_without_values_are_left_out_but_for_csv() {
    let mut table = Table::new("")
        .column(Column::text("name"))
        .column(Column::number("nothing"))
        .column(Column::text("blank"))
        .column(Column::number("x"));
    table.row(["a".into(), Cell::Missing, "".into(), 1.0.into()]);
    table.row(["b".into(), Cell::Missing, " ".into(), Cell::Missing]);
    let html = table.to_html();
    let document = roxmltree::Document::parse(&html).unwrap();
    let count = |tag: &str| document.descendants().filter(|n| n.has_tag_name(tag)).count();
    assert_eq!((count("th"), count("td")), (2, 4));
    assert_eq!(table.to_text().lines().next().unwrap().split_whitespace().count(), 2);
    assert_eq!(table.to_markdown().lines().nth(1), Some("|---|--:|"));
    assert_eq!(table.to_csv().lines().next(), Some("name,nothing,blank,x"));
    // Without rows there is nothing to judge by.
    let empty = Table::new("").column(Column::text("name"));
    assert!(empty.to_html().contains("<th"));
}

#[test]
fn a_spreadsheet_runs_nothing() {
    let mut table = Table::new("").column(Column::text("x"));
    let dangerous = ["=1+1", "@sum(1)", "+cmd", "-cmd|' /C calc'!A0", "\t=1", "--1"];
    let harmless = ["-3.5", "+2e-3", "-", "−5", "-inf", "a=b", "5-3", "a@b"];
    for text in dangerous.iter().chain(&harmless) {
        table.row([(*text).into()]);
    }
    let csv_text = table.to_csv();
    let mut reader = csv::Reader::from_reader(csv_text.as_bytes());
    let cells: Vec<String> = reader.records().map(|r| r.unwrap()[0].to_string()).collect();
    for (cell, text) in cells.iter().zip(dangerous) {
        assert_eq!(cell, &format!("'{text}"));
    }
    assert_eq!(cells[dangerous.len()..], harmless);
}

#[test]
fn nothing_in_a_name_reaches_the_terminal() {
    let name = "a\u{1b}[31mb\u{9b}2Jc\u{202e}d\r\n\u{7}e";
    let mut table = Table::new(name).column(Column::text(name)).note(name);
    table.row([name.into()]);
    for text in [table.to_text(), table.to_text_within(20), table.to_markdown()] {
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert!(!text.contains('\u{202e}'));
    }
}

#[test]
fn text_fits_the_terminal() {
    let interval = |v: f64| Cell::interval(v, v - 0.5, v + 0.5);
    let mut table =
        Table::new("A caption that is itself longer than the narrowest terminal tried here")
            .column(Column::text("regime of the network"))
            .column(Column::text("method"))
            .column(
                Column::number("peak signal-to-noise ratio")
                    .unit("dB")
                    .decimals(2)
                    .best(Best::Highest),
            )
            .column(Column::number("structural similarity").decimals(4))
            .note(
                "a note of many words that has to be broken into lines as well, and more than once",
            );
    table.row([
        "balanced".into(),
        "MLP + U-Net, shuffled spikes".into(),
        interval(22.06),
        0.79.into(),
    ]);
    table.row(["unbalanced".into(), "ridge regression".into(), interval(22.16), 0.81.into()]);
    let longest = |text: &str| text.lines().map(|line| line.chars().count()).max().unwrap();
    let whole = table.to_text();
    assert_eq!(table.to_text_within(200), table.to_text_within(160));
    assert!(longest(&whole) > 100);
    for width in [100, 80, 60, 40, 24] {
        let text = table.to_text_within(width);
        assert!(longest(&text) <= width, "{width}:\n{text}");
        // Nothing is lost.
        for word in ["unbalanced", "shuffled", "22.16", "[21.66,", "22.66]*", "0.8100"] {
            assert!(text.contains(word), "{word} at {width}:\n{text}");
        }
    }
    // 80 columns keep one line a row for the numbers; 24 do not.
    let lines_with = |text: &str, word: &str| text.lines().filter(|l| l.contains(word)).count();
    assert_eq!(lines_with(&table.to_text_within(80), "0.7900"), 1);
    assert!(table.to_text_within(80).lines().any(|l| l.contains("22.06") && l.contains("0.7900")));
    assert!(!table.to_text_within(24).lines().any(|l| l.contains("22.06") && l.contains("0.7900")));
    // The narrowest possible.
    assert!(longest(&table.to_text_within(1)) <= 3);
}

#[test]
fn values_can_be_sorted_and_saved() {
    let table = example();
    let html = table.html("", "", Some("quality"));
    let document = roxmltree::Document::parse(&html).unwrap();
    let values: Vec<f64> = document
        .descendants()
        .filter_map(|n| n.attribute("data-value"))
        .map(|v| v.parse().unwrap())
        .collect();
    assert_eq!(values[..3], [29.651, 0.0105, 0.00004]);
    let link = document.descendants().find(|n| n.has_tag_name("a")).unwrap();
    assert_eq!(link.attribute("download"), Some("quality.csv"));
    let (_, data) = link.attribute("href").unwrap().split_once("base64,").unwrap();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, data).unwrap();
    assert_eq!(bytes, table.to_csv().into_bytes());
}

#[test]
fn parameters_of_a_network() {
    let parameter = |name: &str, symbol: &str, value: Cell, default: Cell| Parameter {
        name: name.into(),
        symbol: symbol.into(),
        unit: String::new(),
        value,
        default,
        meaning: "what it is".into(),
    };
    let table = parameter_table(
        "Parameters",
        [
            parameter("g", "g", 5.5.into(), 5.into()),
            parameter("input", "", "poisson".into(), Cell::Missing),
        ],
    );
    assert_eq!(table.len(), 2);
    // No parameter has a unit here: no such column.
    let html = table.to_html();
    let document = roxmltree::Document::parse(&html).unwrap();
    let heads: Vec<_> =
        document.descendants().filter(|n| n.has_tag_name("th")).filter_map(|n| n.text()).collect();
    assert_eq!(heads, ["name", "symbol", "value", "default", "meaning"]);
    let shown = |value: f64| NumberFormat::Plain.show(value);
    let typed = [5.0, 0.2, 0.1 + 0.2, -1e-4, 123_456.0, 0.0, 20.25].map(shown);
    assert_eq!(typed, ["5", "0.2", "0.3", "−0.0001", "123456", "0", "20.25"]);
    assert_eq!(shown(2e-9), significant(2e-9, 6));
}

#[test]
fn markdown_escapes_bars() {
    let markdown = example().to_markdown();
    assert!(markdown.contains("| a\\|b, \"c\" <d> | 28.73 |"), "{markdown}");
    assert!(markdown.contains("|---|--:|--:|--:|"));
}

#[test]
fn equal_as_shown_is_equally_best() {
    let mut table = Table::new("").column(Column::number("x").decimals(1).best(Best::Lowest));
    table.row([1.04.into()]).row([0.98.into()]).row([2.0.into()]);
    assert_eq!(table.to_markdown().matches("**").count(), 4);
}

#[test]
fn empty_table_says_so() {
    let table = Table::new("nothing").column(Column::number("x"));
    assert!(table.to_html().contains("no data"));
    assert_eq!(table.to_csv(), "x\n");
    assert!(!table.to_text().is_empty());
}

#[test]
fn slugs() {
    assert_eq!(slug("PSNR  dB"), "psnr_db");
    assert_eq!(slug(" CV of ISI (s^{-1})"), "cv_of_isi_s_1");
}

proptest::proptest! {
    #[test]
    fn every_number_survives_csv(value in proptest::num::f64::ANY) {
        let mut table = Table::new("").column(Column::number("x"));
        table.row([value.into()]);
        let read: f64 = table.to_csv().lines().nth(1).unwrap().parse().unwrap();
        proptest::prop_assert!(read.to_bits() == value.to_bits() || read.is_nan() && value.is_nan());
    }
}
