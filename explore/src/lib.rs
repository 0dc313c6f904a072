//! The simulator and its diagnosis for a page: what JavaScript calls.
//!
//! Words go both ways as JSON: the page writes its settings to where [`request`] says, and reads
//! what a call answers at [`text`]. Spikes and inputs are read where they lie. A call that can fail
//! returns 0 if it did, and the text says why.

mod circuit;
mod session;
mod settings;

use std::cell::RefCell;

use serde::Serialize;

pub use circuit::Circuit;
pub use session::{Description, Point, Preset, Recording, Session, Shown, presets};
pub use settings::{CircuitName, Input, Settings, digit};

/// Bytes of a request at most.
const LONGEST_REQUEST: usize = 1 << 16;

#[derive(Default)]
struct Page {
    request: Vec<u8>,
    text: Vec<u8>,
    session: Option<Running>,
}

/// What runs.
enum Running {
    Pair(Box<Session>),
    Circuit(Box<Circuit>),
}

thread_local! {
    static PAGE: RefCell<Page> = RefCell::default();
}

impl Page {
    fn settings(&self) -> Result<Settings, String> {
        serde_json::from_slice(&self.request).map_err(|error| error.to_string())
    }

    /// Makes an answer the text.
    fn answer<T: Serialize, E: ToString>(&mut self, answer: Result<T, E>) -> u32 {
        let answer = answer
            .map_err(|error| error.to_string())
            .and_then(|answer| serde_json::to_vec(&answer).map_err(|error| error.to_string()));
        let (text, fine) = match answer {
            Ok(text) => (text, 1),
            Err(reason) => (reason.into_bytes(), 0),
        };
        self.text = text;
        fine
    }
}

fn with<T>(call: impl FnOnce(&mut Page) -> T) -> T {
    PAGE.with_borrow_mut(call)
}

/// Where to write a request of this many bytes; null if it is too long.
#[unsafe(no_mangle)]
pub extern "C" fn request(bytes: usize) -> *mut u8 {
    with(|page| {
        if bytes > LONGEST_REQUEST {
            return std::ptr::null_mut();
        }
        page.request = vec![0; bytes];
        page.request.as_mut_ptr()
    })
}

/// The last answer.
#[unsafe(no_mangle)]
pub extern "C" fn text() -> *const u8 {
    with(|page| page.text.as_ptr())
}

/// Its bytes.
#[unsafe(no_mangle)]
pub extern "C" fn text_length() -> usize {
    with(|page| page.text.len())
}

/// Starts the network of the requested settings; answers its [`Description`].
#[unsafe(no_mangle)]
pub extern "C" fn start() -> u32 {
    with(|page| {
        // The network before goes first, so that there is never room for two.
        page.session = None;
        match page.settings() {
            Ok(settings) if settings.circuit == CircuitName::Microcircuit => {
                let description = Circuit::start(&settings).map(|(circuit, description)| {
                    page.session = Some(Running::Circuit(Box::new(circuit)));
                    description
                });
                page.answer(description)
            }
            settings => {
                let started = settings.and_then(|s| session::start(&s).map_err(|e| e.to_string()));
                let description = started.map(|(session, description)| {
                    page.session = Some(Running::Pair(Box::new(session)));
                    description
                });
                page.answer(description)
            }
        }
    })
}

/// Goes on for this many milliseconds at least; returns the time since the start of the recording,
/// ms (negative in the warm-up), and NaN where there is nothing to go on with.
#[unsafe(no_mangle)]
pub extern "C" fn advance(milliseconds: f64) -> f64 {
    with(|page| match &mut page.session {
        Some(Running::Pair(session)) if !session.is_over() => {
            session.advance(milliseconds);
            session.time_ms()
        }
        Some(Running::Circuit(circuit)) if !circuit.is_over() => {
            circuit.advance(milliseconds);
            circuit.time_ms()
        }
        _ => f64::NAN,
    })
}

/// Of the excitatory and inhibitory population, whose inputs are recorded.
fn of_session<T>(missing: T, read: impl FnOnce(&Session) -> T) -> T {
    with(|page| match &page.session {
        Some(Running::Pair(session)) => read(session),
        _ => missing,
    })
}

fn of_spikes<T>(missing: T, read: impl FnOnce((&[f32], &[u32])) -> T) -> T {
    with(|page| match &page.session {
        Some(Running::Pair(session)) => read(session.last_spikes()),
        Some(Running::Circuit(circuit)) => read(circuit.last_spikes()),
        None => missing,
    })
}

/// Spikes of the last piece.
#[unsafe(no_mangle)]
pub extern "C" fn spikes() -> usize {
    of_spikes(0, |spikes| spikes.0.len())
}

/// Their times, ms since the start of the recording, in 32-bit floats.
#[unsafe(no_mangle)]
pub extern "C" fn spike_times() -> *const f32 {
    of_spikes(std::ptr::null(), |spikes| spikes.0.as_ptr())
}

/// Their neurons, in 32-bit integers.
#[unsafe(no_mangle)]
pub extern "C" fn spike_neurons() -> *const u32 {
    of_spikes(std::ptr::null(), |spikes| spikes.1.as_ptr())
}

/// Samples of the inputs in the last piece, one each millisecond.
#[unsafe(no_mangle)]
pub extern "C" fn samples() -> usize {
    let count = |session: &Session| session.last_inputs().next().map_or(0, |i| i.excitation.len());
    of_session(0, count)
}

/// The excitatory input of the k-th recorded neuron, mV, in 32-bit floats.
#[unsafe(no_mangle)]
pub extern "C" fn excitation(k: usize) -> *const f32 {
    let of = |session: &Session| session.last_inputs().nth(k).map(|i| i.excitation.as_ptr());
    of_session(None, of).unwrap_or(std::ptr::null())
}

/// The inhibitory input of the k-th recorded neuron (negative), mV, in 32-bit floats.
#[unsafe(no_mangle)]
pub extern "C" fn inhibition(k: usize) -> *const f32 {
    let of = |session: &Session| session.last_inputs().nth(k).map(|i| i.inhibition.as_ptr());
    of_session(None, of).unwrap_or(std::ptr::null())
}

/// Judges the last second; answers what is [`Shown`] of the diagnosis.
#[unsafe(no_mangle)]
pub extern "C" fn judge() -> u32 {
    with(|page| match &mut page.session {
        Some(Running::Pair(session)) => {
            let shown = session::judge(session).map_err(|error| error.to_string());
            page.answer(shown)
        }
        Some(Running::Circuit(circuit)) => {
            let shown = circuit.judge();
            page.answer(shown)
        }
        None => page.answer(Err::<(), _>("no network runs")),
    })
}

/// Simulates a [`Point`] of the map over g and eta around the requested settings.
#[unsafe(no_mangle)]
pub extern "C" fn map_point(g: f64, eta: f64) -> u32 {
    with(|page| {
        let settings = page.settings();
        let point = settings.and_then(|s| session::point(&s, g, eta).map_err(|e| e.to_string()));
        page.answer(point)
    })
}

/// Makes a recording of this length with the requested settings; answers the [`Recording`].
#[unsafe(no_mangle)]
pub extern "C" fn record(milliseconds: f64) -> u32 {
    with(|page| match page.settings() {
        Ok(settings) if settings.circuit == CircuitName::Microcircuit => {
            let recording = circuit::recording(&settings, milliseconds);
            page.answer(recording)
        }
        settings => {
            let recording = settings.and_then(|settings| {
                session::recording(&settings, milliseconds).map_err(|error| error.to_string())
            });
            page.answer(recording)
        }
    })
}

/// Answers the [`Preset`]s, of which the first is the page's own beginning.
#[unsafe(no_mangle)]
pub extern "C" fn list_presets() -> u32 {
    with(|page| page.answer(presets()))
}

/// The image of a digit, `[28, 28]` in 32-bit floats from 0 to 1; null if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn digit_image(class: usize) -> *const f32 {
    digit(class).map_or(std::ptr::null(), <[f32]>::as_ptr)
}
