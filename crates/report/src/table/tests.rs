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
    assert_eq!(lines[1], "regime                   PSNR (dB)        loss        p");
    assert!(lines[3].ends_with("29.65 [29.50, 29.80]*  1.1×10^−2*  <0.001"), "{}", lines[3]);
    assert!(lines[4].starts_with("a|b, \"c\" <d>"));
    assert_eq!(lines[6], "n = 3 & more");
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
