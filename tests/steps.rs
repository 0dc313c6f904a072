//! The main job in its three steps: encode, train, evaluate.

#![allow(clippy::unwrap_used, reason = "the helpers are tests too")]

mod common;

use std::path::Path;

use common::{files, run};

const ENCODE: &str = "encode --dataset synthetic-digits --train 200 --test 40 --neurons 100 --quiet \
                      --set data.validation=40 --out encoded";
const TRAIN: &str = "train --encoded encoded --epochs 3 --quiet --set decoder.hidden=[32,32] \
                     --set decoder.channels=4 --out";

fn words<'a>(text: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    text.split_whitespace().chain(more.iter().copied()).collect()
}

/// The numbers of a column of a table.
fn column(table: &Path, name: &str) -> Vec<f64> {
    let text = std::fs::read_to_string(table).unwrap();
    let mut lines = text.lines();
    let at = lines.next().unwrap().split(',').position(|n| n == name).expect(name);
    lines.map(|line| line.split(',').nth(at).unwrap().parse().unwrap()).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn the_steps_give_what_they_promise() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    run(&words(ENCODE, &[]), dir).succeeded();
    let ran = run(&words(TRAIN, &["one", "--threads", "1"]), dir).succeeded();
    assert!(ran.stdout.contains("models/decoder.safetensors"), "{ran:?}");
    run(&words(TRAIN, &["two", "--threads", "3"]), dir).succeeded();
    let kept = |out: &str| {
        let mut kept = files(&dir.join(out));
        kept.retain(|(path, _)| path.starts_with("models"));
        assert_eq!(kept.len(), 1, "a model");
        kept
    };
    assert!(kept("one") == kept("two"), "1 and 3 threads train other models");
    assert!(!dir.join("one/checkpoints").exists(), "a finished training needs no checkpoints");

    // What is done is not done again, and stays what it is.
    run(&["train", "--resume", "one"], dir).succeeded();
    assert!(kept("one") == kept("two"));

    // The validation error that training told is the one that an evaluation finds.
    let part = "evaluate --encoded encoded --model one --part validation --quiet \
                --set controls=[] --out checked";
    run(&words(part, &[]), dir).succeeded();
    let told = column(&dir.join("one/epochs.csv"), "validation_mse");
    let least = told.iter().copied().fold(f64::INFINITY, f64::min);
    let found = mean(&column(&dir.join("checked/images.csv"), "mse"));
    assert!((found - least).abs() < 1e-6, "{found} against {told:?}");

    // By the file of the model as by its run, every image with both kinds of SSIM.
    let file = "evaluate --encoded encoded --model one/models/decoder.safetensors \
                --set controls=[] --out scored";
    let ran = run(&words(file, &[]), dir).succeeded();
    for part in ["PSNR (dB)", "SSIM, uniform 7x7", "MSE"] {
        assert!(ran.stdout.contains(part), "{part}: {ran:?}");
    }
    let table = dir.join("scored/images.csv");
    let (psnr, mse) = (column(&table, "psnr_db"), column(&table, "mse"));
    assert_eq!(psnr.len(), 40);
    assert!(psnr.iter().zip(&mse).all(|(p, m)| (p + 10.0 * libm::log10(*m)).abs() < 1e-9));
    let (gaussian, uniform) = (column(&table, "ssim"), column(&table, "ssim_uniform"));
    assert!(gaussian != uniform && gaussian.iter().chain(&uniform).all(|s| s.abs() <= 1.0));
    assert!((mean(&gaussian) - mean(&uniform)).abs() < 0.1);
    // An image of a class in the first row, as the data set has it.
    assert!(column(&table, "label").iter().all(|&label| (0.0..10.0).contains(&label)));
    let report = std::fs::read_to_string(dir.join("scored/report.html")).unwrap();
    assert!(report.contains("<svg"));
}

#[test]
fn the_networks_of_a_run_encode_other_images() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    run(&["demo", "--preset", "smoke", "--out", "demo", "--quiet"], dir).succeeded();
    // Every command takes the settings of every other one.
    let config = ["encode", "--config", "demo/config.toml", "--out", "encoded", "--quiet"];
    run(&config, dir).succeeded();
    run(&words("train --encoded encoded --out trained --quiet", &[]), dir).succeeded();
    let scored = |more: &str, out: &str| {
        run(&words(more, &["--set", "controls=[]", "--quiet", "--out", out]), dir).succeeded();
        column(&dir.join(out).join("images.csv"), "psnr_db")
    };
    let by_steps = scored("evaluate --encoded encoded --model trained", "a");
    let by_run = scored("evaluate --run demo", "b");
    assert_eq!((by_steps.len(), by_run.len()), (50, 100));
    assert_eq!(by_steps, by_run[..50]);
    assert_eq!(scored("evaluate --run trained", "c"), by_steps);
    assert_eq!(scored("evaluate --run demo --test 70", "d").len(), 140);
    let colored = ["evaluate", "--run", "demo", "--dataset", "synthetic-color"];
    run(&colored, dir).refused(&["3x32x32", "1x28x28"]);
}

#[test]
fn a_folder_of_pictures_is_resized_and_encoded() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for class in ["cats", "dogs"] {
        std::fs::create_dir_all(dir.join("mine").join(class)).unwrap();
        for i in 0..12u8 {
            let color = image::Rgb([20 * i, 255 - 20 * i, if class == "cats" { 9 } else { 200 }]);
            let side = 20 + u32::from(i);
            let picture = image::RgbImage::from_pixel(side, side, color);
            picture.save(dir.join(format!("mine/{class}/{i}.png"))).unwrap();
        }
    }
    let encode = "encode --dataset folder:mine --set data.folder.size=[16,16] --neurons 60 --quiet \
                  --set data.folder.grey=true --set data.validation=4 --train 10 --out encoded";
    run(&words(encode, &[]), dir).succeeded();
    let train = "train --encoded encoded --epochs 1 --set decoder.hidden=[8,8] --quiet \
                 --set decoder.channels=2 --out trained";
    run(&words(train, &[]), dir).succeeded();
    run(&words("evaluate --encoded encoded --model trained --quiet --out scored", &[]), dir)
        .succeeded();
    assert!(column(&dir.join("scored/images.csv"), "psnr_db").iter().all(|p| p.is_finite()));
}
