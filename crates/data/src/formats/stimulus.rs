//! Recordings with a stimulus of one dimension that changed over time: a sound's envelope, a contrast,
//! a position, a speed.
//!
//! | array | shape | content |
//! |---|---|---|
//! | `stimulus` | `[samples]` or `[recordings, samples]` | its value over each recording, evenly sampled, in any unit |
//! | `step_ms` | one number | time between samples; may be absent where the length of a recording is known |
//!
//! Beside them are the recordings, as [`recorded`](super::recorded) tells: `counts` of shape
//! `[recordings, units, bins]`, or spikes. Of a single recording `sample` may be absent, and `ids`
//! where it has one unit.

use crate::error::DataError;
use crate::formats::arrays::Arrays;
use crate::formats::image_arrays::{reserve, shape, wrong};
use crate::formats::recorded::{Response, counts, find, one_number, spikes};
use crate::identity::Source;
use crate::reading::Remark;

/// Recordings and the stimulus of each.
#[derive(Debug, Clone, PartialEq)]
pub struct Stimulated {
    /// The name of the file of the stimulus.
    pub name: String,
    /// The stimulus over each recording: as many samples of each.
    pub stimulus: Vec<Vec<f32>>,
    /// Time between samples, ms.
    pub step_ms: f64,
    /// What was recorded.
    pub response: Response,
    /// The files.
    pub source: Source,
    /// What was converted or decided.
    pub remarks: Vec<Remark>,
}

impl Stimulated {
    /// The mean of the stimulus over each of `bins` equal parts of a recording, recording after
    /// recording. Parts narrower than a sample take the sample that their middle is in.
    ///
    /// ```
    /// use equipoise_data::{Counts, Response, Source, Stimulated};
    /// let made = Stimulated {
    ///     name: "mine".to_owned(),
    ///     stimulus: vec![vec![1.0, 3.0, 5.0, 7.0]],
    ///     step_ms: 2.0,
    ///     response: Response::Counts(Counts::new(1, 2, 8.0, vec![0, 1])?),
    ///     source: Source::files(Vec::new()),
    ///     remarks: Vec::new(),
    /// };
    /// assert_eq!(made.binned(2), [vec![2.0, 6.0]]);
    /// assert_eq!(made.binned(8)[0][..4], [1.0, 1.0, 3.0, 3.0]);
    /// # Ok::<(), equipoise_data::DataError>(())
    /// ```
    pub fn binned(&self, bins: usize) -> Vec<Vec<f32>> {
        let of = |samples: &Vec<f32>| {
            // The recording may be a little shorter or longer than its stimulus.
            let per_bin = self.response.duration_ms() / self.step_ms / bins.max(1) as f64;
            let last = samples.len() - 1;
            let bin = |k: usize| {
                let from = ((k as f64 * per_bin).round() as usize).min(last);
                let to = (((k + 1) as f64 * per_bin).round() as usize).min(samples.len());
                if to <= from {
                    let middle = ((k as f64 + 0.5) * per_bin) as usize;
                    return samples[middle.min(last)];
                }
                let sum: f64 = samples[from..to].iter().map(|&x| f64::from(x)).sum();
                (sum / (to - from) as f64) as f32
            };
            (0..bins).map(bin).collect()
        };
        self.stimulus.iter().map(of).collect()
    }
}

/// Reads recordings and their stimulus, from two files or twice the same.
pub(crate) fn read(
    responses: &dyn Arrays,
    stimuli: &dyn Arrays,
    duration_ms: Option<f64>,
) -> Result<Stimulated, DataError> {
    if let Some(duration) = duration_ms
        && !(duration > 0.0 && duration.is_finite())
    {
        return Err(DataError::Request(format!(
            "recordings of {duration} ms: their length must be a positive time"
        )));
    }
    let name = find(stimuli, "stimulus")?;
    let (sizes, _) = shape(stimuli, &name)?;
    let (recordings, samples) = match sizes[..] {
        [samples] => (1, samples),
        [recordings, samples] => (recordings, samples),
        _ => {
            let expected = "[samples] or [recordings, samples]";
            return Err(wrong(stimuli, &name, format!("shape {sizes:?}, expected {expected}")));
        }
    };
    if recordings == 0 || samples < 2 {
        let expected = "expected at least one recording of two samples";
        return Err(wrong(stimuli, &name, format!("shape {sizes:?}, {expected}")));
    }
    let mut values: Vec<f32> = reserve(stimuli, &name, recordings * samples)?;
    values.resize(recordings * samples, 0.0);
    stimuli.read(&name, &mut |i, x| {
        values[i] = x as f32;
        if values[i].is_finite() { Ok(()) } else { Err(format!("{x}, expected a finite number")) }
    })?;
    let step = one_number(stimuli, "step_ms")?;
    let stimulus_ms = step.map(|step| step * samples as f64);
    let duration = match duration_ms {
        Some(duration) => Some(duration),
        None => one_number(responses, "duration_ms")?.or(stimulus_ms),
    };
    let Some(duration) = duration else {
        let problem = "there is no such array, and nothing says how long a recording is";
        return Err(wrong(stimuli, "step_ms", problem));
    };
    if let Some(stimulus) = stimulus_ms
        && (stimulus / duration - 1.0).abs() > 0.01
    {
        let problem =
            format!("{samples} samples of {stimulus} ms in all, but recordings of {duration} ms");
        return Err(wrong(stimuli, "step_ms", problem));
    }
    let mut remarks = Vec::new();
    let names = responses.names();
    let has = |name: &str| names.iter().any(|n| n == name);
    let response = if has("times") || has("times_ms") {
        Response::Spikes(spikes(responses, recordings, Some(duration), &mut remarks)?)
    } else {
        let counts = counts(responses, Some(recordings), Some(duration), &mut remarks)?;
        if counts.bins < 2 {
            let problem =
                "one bin a recording; a stimulus over time needs [recordings, units, bins]";
            return Err(wrong(responses, "counts", problem));
        }
        Response::Counts(counts)
    };
    let mut files = vec![responses.identity().clone()];
    if stimuli.identity() != responses.identity() {
        files.push(stimuli.identity().clone());
    }
    Ok(Stimulated {
        name: stimuli.identity().name.clone(),
        stimulus: values.chunks_exact(samples).map(<[f32]>::to_vec).collect(),
        step_ms: step.unwrap_or(duration / samples as f64),
        response,
        source: Source::files(files),
        remarks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npz::NpzWriter;
    use crate::{TO_THE_END, read_stimulated};

    type Writer = NpzWriter<std::io::BufWriter<std::fs::File>>;

    fn read_of(
        stimulus: (&[usize], &[f64]),
        step: Option<f64>,
        more: impl Fn(&mut Writer),
    ) -> Result<Stimulated, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.npz");
        let mut file = NpzWriter::create(&path).unwrap();
        file.array("stimulus", stimulus.0, stimulus.1.iter().copied()).unwrap();
        if let Some(step) = step {
            file.array("step_ms", &[1], [step]).unwrap();
        }
        more(&mut file);
        file.finish().unwrap();
        read_stimulated(&path, &path, None, TO_THE_END)
    }

    #[test]
    fn one_recording_of_one_unit_needs_its_times_alone() {
        let times = |file: &mut Writer| {
            file.array("times_ms", &[2], [1.0, 7.5]).unwrap();
        };
        let found = read_of((&[4], &[0.0, 1.0, 2.0, 3.0]), Some(2.0), times).unwrap();
        let Response::Spikes(trains) = &found.response else { panic!("spikes were expected") };
        assert_eq!((trains[0].units, trains[0].duration_ms, found.step_ms), (1, 8.0, 2.0));
        assert_eq!(found.binned(2), [vec![0.5, 2.5]]);
    }

    #[test]
    fn counts_of_several_recordings_have_a_stimulus_each() {
        let counts = |shape: &'static [usize]| {
            move |file: &mut Writer| {
                let n: usize = shape.iter().product();
                file.array("counts", shape, (0..n).map(|c| c as u16)).unwrap();
                file.array("duration_ms", &[1], [30.0]).unwrap();
            }
        };
        let stimulus: (&[usize], &[f64]) = (&[2, 3], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        let found = read_of(stimulus, None, counts(&[2, 1, 3])).unwrap();
        assert_eq!((found.step_ms, found.stimulus[1].clone()), (10.0, vec![3.0, 4.0, 5.0]));
        assert_eq!(found.binned(3), found.stimulus);
        for (step, shape, part) in [
            (None, &[2, 3][..], "one bin"),
            (None, &[1, 1, 3][..], "1 recordings for 2"),
            (Some(50.0), &[2, 1, 3][..], "step_ms"),
        ] {
            let problem = read_of(stimulus, step, counts(shape)).unwrap_err().to_string();
            assert!(problem.contains("mine.npz: ") && problem.contains(part), "{problem}");
        }
    }

    #[test]
    fn what_is_no_stimulus_is_named() {
        let none = |_: &mut Writer| {};
        for (shape, values, part) in [
            (&[1][..], &[1.0][..], "stimulus"),
            (&[1, 1, 2][..], &[1.0, 2.0][..], "[recordings, samples]"),
            (&[2][..], &[1.0, f64::NAN][..], "stimulus[1]"),
            (&[2][..], &[1.0, 2.0][..], "step_ms"),
        ] {
            let problem = read_of((shape, values), None, none).unwrap_err().to_string();
            assert!(problem.contains(part), "{problem}");
        }
    }
}
