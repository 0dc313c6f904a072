//! Twenty word-like sounds as spikes on 700 channels, as an artificial cochlea gives them
//! (compare Cramer et al. 2022): three formants that move from vowel to vowel, bursts of noise
//! where a consonant would be, the pitch of a voice, and background spikes. Channel 0 has the
//! highest frequency. Speakers differ in pitch, speed and the length of their vocal tract; two of
//! the twelve are heard in the test part alone, as in SHD.

use super::part::{Part, generated, label};
use crate::spike_set::SpikeSet;
use equipoise_random::{Stream, stream};
use rayon::prelude::*;
use std::f64::consts::TAU;

/// The channels, as of SHD's artificial cochlea.
pub const CHANNELS: usize = 700;
/// The classes, as many as SHD's ten digits in English and in German.
pub const CLASSES: usize = 20;
/// The time that a recording is taken to last, s, as for SHD.
pub const MAX_TIME: f32 = 1.4;

/// The speakers, and those of them that are heard in training.
const SPEAKERS: usize = 12;
const TRAINING_SPEAKERS: usize = 10;
/// The parts of a word: where its formants stay for a while.
const SOUNDS: usize = 4;
/// The range of each formant, channels.
const FORMANTS: [(f64, f64); 3] = [(470.0, 650.0), (240.0, 480.0), (80.0, 230.0)];
/// Spikes a second of each formant.
const DRIVE: [f64; 3] = [10_400.0, 8_200.0, 5_300.0];
/// Background spikes a second, over all channels.
const BACKGROUND: f64 = 600.0;
/// The words and the speakers are the same for every seed; this names their streams.
const VOCABULARY: u64 = 0;

/// A word: what all its utterances share.
struct Word {
    /// The centre of each formant in each sound, channels.
    formants: [[f64; 3]; SOUNDS],
    /// The strength of each formant in each sound.
    strengths: [[f64; 3]; SOUNDS],
    /// The length of each sound, s.
    lengths: [f64; SOUNDS],
    /// The strength of the noise burst before each sound, and its place (0 low, 1 high).
    bursts: [(f64, f64); SOUNDS],
}

impl Word {
    fn new(class: u16) -> Word {
        let mut random = stream(VOCABULARY, "data/synthetic-speech/word", class.into());
        let mut word = Word {
            formants: [[0.0; 3]; SOUNDS],
            strengths: [[0.0; 3]; SOUNDS],
            lengths: [0.0; SOUNDS],
            bursts: [(0.0, 0.0); SOUNDS],
        };
        for s in 0..SOUNDS {
            word.formants[s] = FORMANTS.map(|(low, high)| random.range(low, high));
            word.strengths[s] = [(); 3].map(|()| random.range(0.35, 1.0));
            word.lengths[s] = random.range(0.08, 0.24);
            let strength = if random.bernoulli(0.5) { random.range(0.3, 1.0) } else { 0.0 };
            word.bursts[s] = (strength, random.uniform());
        }
        word
    }

    /// Formant `f` after a share of the word, moving smoothly between the middles of the sounds.
    fn at(&self, values: &[[f64; 3]; SOUNDS], f: usize, middles: &[f64; SOUNDS], t: f64) -> f64 {
        let next = middles.iter().position(|&m| m > t).unwrap_or(SOUNDS);
        if next == 0 || next == SOUNDS {
            return values[next.min(SOUNDS - 1)][f];
        }
        let share = (t - middles[next - 1]) / (middles[next] - middles[next - 1]);
        let smooth = share * share * (3.0 - 2.0 * share);
        values[next - 1][f] + smooth * (values[next][f] - values[next - 1][f])
    }
}

/// A speaker: what all words of a voice share.
struct Speaker {
    /// The shift of all formants, channels.
    shift: f64,
    /// The stretch of all lengths.
    pace: f64,
    /// The pitch, Hz.
    pitch: f64,
}

impl Speaker {
    fn new(index: usize) -> Speaker {
        let mut random = stream(VOCABULARY, "data/synthetic-speech/speaker", index as u64);
        Speaker {
            shift: random.range(-38.0, 38.0),
            pace: random.range(0.8, 1.25),
            pitch: random.range(90.0, 230.0),
        }
    }
}

/// The events of one utterance, (time in s, channel), sorted.
fn utter(word: &Word, speaker: &Speaker, random: &mut Stream) -> Vec<(f32, u16)> {
    let onset = random.range(0.02, 0.12);
    let pace = speaker.pace * (1.0 + 0.1 * random.normal()).clamp(0.75, 1.3);
    let shift = speaker.shift + 12.0 * random.normal();
    let pitch = speaker.pitch * (1.0 + 0.06 * random.normal()).clamp(0.8, 1.2);
    let loudness = libm::exp2((0.22 * random.normal()).clamp(-0.5, 0.5));
    // Each sound is longer or shorter, higher or lower than the word says.
    let (mut starts, mut middles, mut end) = ([0.0; SOUNDS], [0.0; SOUNDS], 0.0);
    let mut formants = word.formants;
    for s in 0..SOUNDS {
        let length = word.lengths[s] * pace * (1.0 + 0.15 * random.normal()).clamp(0.6, 1.5);
        starts[s] = end;
        middles[s] = end + 0.5 * length;
        end += length;
        formants[s].iter_mut().for_each(|f| *f += 15.0 * random.normal());
    }
    let mut events = Vec::with_capacity(1 << 14);
    let mut add = |t: f64, channel: f64| {
        let (t, channel) = ((onset + t) as f32, channel.round());
        if channel >= 0.0 && channel < CHANNELS as f64 && (0.0..=MAX_TIME).contains(&t) {
            events.push((t, channel as u16));
        }
    };
    for (f, drive) in DRIVE.into_iter().enumerate() {
        let width = random.range(11.0, 20.0);
        for _ in 0..random.poisson(drive * loudness * end) {
            let t = end * random.uniform();
            let strength = word.at(&word.strengths, f, &middles, t);
            // The voice swells and fades at the ends, and beats with its pitch.
            let swell = (t / 0.03).min((end - t) / 0.06).min(1.0);
            let beat = 0.6 + 0.4 * libm::cos(TAU * pitch * t);
            if random.uniform() < strength * swell * beat {
                let centre = word.at(&formants, f, &middles, t);
                add(t, centre + shift + width * random.normal());
            }
        }
    }
    for ((strength, place), start) in word.bursts.into_iter().zip(starts) {
        let centre = 420.0 - 380.0 * place + shift;
        for _ in 0..random.poisson(strength * loudness * 800.0) {
            let t = start - 0.012 + 0.018 * random.exponential();
            add(t.clamp(-onset, end), centre + 75.0 * random.normal());
        }
    }
    let whole = onset + end + 0.08;
    for _ in 0..random.poisson(BACKGROUND * whole) {
        let t = whole * random.uniform() - onset;
        add(t, CHANNELS as f64 * random.uniform() - 0.5);
    }
    events.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    events
}

/// `count` utterances of this part of the set.
pub fn speech(count: usize, seed: u64, part: Part) -> SpikeSet {
    let name = format!("synthetic-speech/{}", part.name());
    let order = format!("data/{name}/labels");
    let purpose = format!("data/{name}");
    let words: Vec<Word> = (0..CLASSES as u16).map(Word::new).collect();
    let speakers: Vec<Speaker> = (0..SPEAKERS).map(Speaker::new).collect();
    let labels: Vec<u16> = (0..count).map(|i| label(seed, &order, CLASSES, i)).collect();
    let made: Vec<(u16, Vec<(f32, u16)>)> = labels
        .par_iter()
        .enumerate()
        .map(|(i, &class)| {
            let mut random = stream(seed, &purpose, i as u64);
            let unheard = part == Part::Test && random.bernoulli(0.5);
            let speaker = if unheard {
                TRAINING_SPEAKERS + random.below(SPEAKERS - TRAINING_SPEAKERS)
            } else {
                random.below(TRAINING_SPEAKERS)
            };
            let events = utter(&words[usize::from(class)], &speakers[speaker], &mut random);
            (speaker as u16, events)
        })
        .collect();
    let total = made.iter().map(|(_, events)| events.len()).sum();
    let mut set = SpikeSet {
        units: CHANNELS,
        duration: MAX_TIME,
        offsets: vec![0],
        times: Vec::with_capacity(total),
        unit_ids: Vec::with_capacity(total),
        labels,
        speakers: made.iter().map(|(speaker, _)| *speaker).collect(),
        classes: (0..CLASSES).map(|c| format!("word {c}")).collect(),
        source: generated(&name, seed),
        indices: (0..count).collect(),
        name,
    };
    for (_, events) in made {
        set.times.extend(events.iter().map(|e| e.0));
        set.unit_ids.extend(events.iter().map(|e| e.1));
        set.offsets.push(set.times.len());
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_depends_on_the_seed_and_its_index_alone() {
        let (few, many) = (speech(10, 4, Part::Train), speech(40, 4, Part::Train));
        assert_eq!(few.times[..], many.times[..few.times.len()]);
        assert_eq!(few.unit_ids[..], many.unit_ids[..few.times.len()]);
        assert_ne!(few.times, speech(10, 5, Part::Train).times);
        assert_eq!(many.class_counts(), [2; 20]);
    }

    #[test]
    fn spikes_are_sorted_in_range_and_as_many_as_in_shd() {
        let set = speech(200, 1, Part::Test);
        let mut heard = set.speaker_ids();
        heard.retain(|&s| usize::from(s) >= TRAINING_SPEAKERS);
        assert_eq!(heard.len(), SPEAKERS - TRAINING_SPEAKERS);
        for i in 0..set.len() {
            let sample = set.sample(i);
            assert!(sample.times.is_sorted() && sample.times.len() > 500);
            assert!(sample.times.iter().all(|t| (0.0..=MAX_TIME).contains(t)));
            assert!(sample.units.iter().all(|&u| usize::from(u) < CHANNELS));
        }
        let mean = set.times.len() / set.len();
        assert!((6000..10_500).contains(&mean), "{mean} spikes a sample");
        let training = speech(100, 1, Part::Train).speaker_ids();
        assert!(training.iter().all(|&s| usize::from(s) < TRAINING_SPEAKERS));
    }
}
