//! Every operation on every instruction set against plain arithmetic, bit for bit.

use super::*;
use equipoise_random::{Stream, stream};

/// What every operation gives, as bits: that each instruction set computes with its vectors, and
/// that plain arithmetic computes lane by lane.
type Results = Vec<[u32; LANES]>;

struct Inputs {
    a: [f32; LANES],
    b: [f32; LANES],
    c: [f32; LANES],
    x: [u32; LANES],
    y: [u32; LANES],
    rows: [[u64; ROW_WORDS]; 3],
    shift: u32,
}

impl Inputs {
    fn draw(random: &mut Stream) -> Inputs {
        let mut float = || {
            let ordinary = (random.normal() * libm::pow(10f64, random.range(-6.0, 6.0))) as f32;
            let odd =
                [0.0, -0.0, 1.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MIN_POSITIVE];
            *odd.get(random.below(40)).unwrap_or(&ordinary)
        };
        let mut floats = || std::array::from_fn(|_| float());
        let (a, mut b, c): ([f32; LANES], [f32; LANES], _) = (floats(), floats(), floats());
        (b[3], b[11]) = (a[3], a[11]);
        let mut integers = || std::array::from_fn(|_| random.next_u32() >> random.below(32));
        let (x, mut y): ([u32; LANES], [u32; LANES]) = (integers(), integers());
        y[5] = x[5];
        let rows = [(); 3].map(|()| std::array::from_fn(|_| random.next_u64()));
        let shift = 1 + random.below(31) as u32;
        Inputs { a, b, c, x, y, rows, shift }
    }
}

fn halves(row: &[u64; ROW_WORDS]) -> [[u32; LANES]; 2] {
    [0, 1].map(|half| std::array::from_fn(|k| (row[8 * half + k / 2] >> (32 * (k % 2))) as u32))
}

impl Task for &Inputs {
    type Output = Results;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Results {
        let mut results = Results::new();
        let [a, b, c] = [&self.a, &self.b, &self.c].map(|x| simd.floats(x));
        let [x, y] = [&self.x, &self.y].map(|x| simd.integers(x));
        let (above, at_least, not_at_most) = (a.above(b), a.at_least(b), a.not_at_most(b));
        let masks = [above, at_least, not_at_most, a.equal(b), x.below(y)];
        results.push(std::array::from_fn(|k| masks.get(k).map_or(0, |m| m.bits().into())));
        let floats = [
            simd.splat(0.25),
            a + b,
            a - b,
            a * b,
            a.mul_add(b, c),
            a.neg_mul_add(b, c),
            a.abs(),
            a.max(b),
            a.zero_where(above),
            a.replace_where(not_at_most, b),
            a.look_up(x),
            a.look_up_32(b, x),
            x.down(8).to_floats(),
            a.reciprocal_guess(),
        ];
        for value in floats {
            let mut to = [0.0; LANES];
            value.write(&mut to);
            results.push(to.map(f32::to_bits));
        }
        let integers = [
            simd.splat_u32(7),
            x + y,
            x ^ y,
            x.up(self.shift),
            x.down(self.shift),
            x.rotated(self.shift),
            x.replace_where(at_least, y),
            x.look_up_32(y, x),
        ];
        for value in integers {
            let mut to = [0; LANES];
            value.write(&mut to);
            results.push(to);
        }
        let pieces = ROW_WORDS / S::Words::WORDS;
        let mut rows = [[0; ROW_WORDS]; 8];
        let mut split = [[0; ROW_WORDS]; 2];
        for piece in 0..pieces {
            let [a, b, c] = self.rows.each_ref().map(|row| simd.words(row, piece));
            let (sum, carry) = a.full_adder(b, c);
            let all = [
                a & b,
                a | b,
                a ^ b,
                a.select(b, c),
                a.up(self.shift),
                a.down(self.shift),
                sum,
                carry,
            ];
            for (value, row) in all.into_iter().zip(&mut rows) {
                value.write(row, piece);
            }
            (a ^ simd.splat_words(5))
                .write_halves(&mut split[2 * piece / pieces], piece % (pieces / 2));
        }
        results.extend(rows.iter().flat_map(halves));
        results.extend(split);
        results
    }
}

/// The same without vectors.
fn plain(i: &Inputs) -> Results {
    let float =
        |f: &dyn Fn(usize) -> f32| -> [u32; LANES] { std::array::from_fn(|k| f(k).to_bits()) };
    let integer = |f: &dyn Fn(usize) -> u32| -> [u32; LANES] { std::array::from_fn(f) };
    let mask = |f: &dyn Fn(usize) -> bool| (0..LANES).map(|k| u32::from(f(k)) << k).sum::<u32>();
    let (a, b, c, x, y, n) = (&i.a, &i.b, &i.c, &i.x, &i.y, i.shift);
    let not_at_most = |k: usize| a[k] > b[k] || a[k].is_nan() || b[k].is_nan();
    let masks = [
        mask(&|k| a[k] > b[k]),
        mask(&|k| a[k] >= b[k]),
        mask(&not_at_most),
        mask(&|k| a[k] == b[k]),
        mask(&|k| x[k] < y[k]),
    ];
    let both = [*a, *b];
    let table = both.as_flattened();
    let row = |f: &dyn Fn(u64, u64, u64) -> u64| {
        halves(&std::array::from_fn(|k| f(i.rows[0][k], i.rows[1][k], i.rows[2][k])))
    };
    let mut results = vec![
        std::array::from_fn(|k| masks.get(k).copied().unwrap_or(0)),
        float(&|_| 0.25),
        float(&|k| a[k] + b[k]),
        float(&|k| a[k] - b[k]),
        float(&|k| a[k] * b[k]),
        float(&|k| a[k].mul_add(b[k], c[k])),
        float(&|k| (-a[k]).mul_add(b[k], c[k])),
        float(&|k| a[k].abs()),
        float(&|k| if a[k] > b[k] { a[k] } else { b[k] }),
        float(&|k| if a[k] > b[k] { 0.0 } else { a[k] }),
        float(&|k| if not_at_most(k) { b[k] } else { a[k] }),
        float(&|k| a[x[k] as usize % 16]),
        float(&|k| table[x[k] as usize % 32]),
        float(&|k| (x[k] >> 8) as f32),
        integer(&|k| 0x7EF3_11C7_u32.wrapping_sub(a[k].to_bits())),
        integer(&|_| 7),
        integer(&|k| x[k].wrapping_add(y[k])),
        integer(&|k| x[k] ^ y[k]),
        integer(&|k| x[k] << n),
        integer(&|k| x[k] >> n),
        integer(&|k| x[k].rotate_left(n)),
        integer(&|k| if a[k] >= b[k] { y[k] } else { x[k] }),
        integer(&|k| [*x, *y].as_flattened()[x[k] as usize % 32]),
    ];
    results.extend(row(&|a, b, _| a & b));
    results.extend(row(&|a, b, _| a | b));
    results.extend(row(&|a, b, _| a ^ b));
    results.extend(row(&|a, b, c| (a & b) | (!a & c)));
    results.extend(row(&|a, _, _| a << n));
    results.extend(row(&|a, _, _| a >> n));
    results.extend(row(&|a, b, c| a ^ b ^ c));
    results.extend(row(&|a, b, c| (a & b) | (a & c) | (b & c)));
    results.extend(row(&|a, _, _| a ^ 5));
    results
}

#[test]
fn every_operation_gives_the_bits_of_plain_arithmetic() {
    let mut random = stream(3, "simd", 0);
    for _ in 0..200 {
        let inputs = Inputs::draw(&mut random);
        let want = plain(&inputs);
        for instructions in Instructions::available() {
            let got = instructions.run(&inputs);
            assert_eq!(got.len(), want.len());
            for (operation, (got, want)) in got.iter().zip(&want).enumerate() {
                for (lane, (&got, &want)) in got.iter().zip(want).enumerate() {
                    // Which of its operands' bit patterns a NaN keeps is nobody's promise.
                    let nan = |bits| f32::from_bits(bits).is_nan();
                    let same = got == want || (nan(got) && nan(want) && operation < 15);
                    assert!(same, "{instructions:?}: {operation}, {lane}: {got:x}, not {want:x}");
                }
            }
        }
    }
}

struct Reciprocals<'a>(&'a [f32; LANES]);

impl Task for Reciprocals<'_> {
    type Output = ([f32; LANES], f32);

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> ([f32; LANES], f32) {
        let mut to = [0.0; LANES];
        simd.floats(self.0).reciprocal(simd.splat(1.0)).write(&mut to);
        (to, simd.floats(self.0).sum())
    }
}

#[test]
fn reciprocals_are_right_to_the_last_bits_and_the_same_everywhere() {
    let mut random = stream(3, "simd/reciprocal", 0);
    for _ in 0..200 {
        let x: [f32; LANES] =
            std::array::from_fn(|_| libm::pow(10f64, random.range(-30.0, 36.0)) as f32);
        let want = Instructions::PORTABLE.run(Reciprocals(&x));
        for (&x, &y) in x.iter().zip(&want.0) {
            assert!((f64::from(x) * f64::from(y) - 1.0).abs() < 2.5e-7, "1 / {x} is not {y}");
        }
        for instructions in Instructions::available() {
            assert_eq!(instructions.run(Reciprocals(&x)), want, "{instructions:?}");
        }
        let total = x.iter().map(|&x| f64::from(x)).sum::<f64>();
        assert!((f64::from(want.1) / total - 1.0).abs() < 1e-6);
    }
}

struct Doubles<'a>([&'a [f64; 4]; 3]);

impl Task for Doubles<'_> {
    type Output = [f64; 4];

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> [f64; 4] {
        let [a, b, c] = self.0.map(|x| simd.doubles(x));
        (a * b + c * simd.splat_f64(0.1)).to_array()
    }
}

#[test]
fn doubles_are_rounded_after_every_operation() {
    let mut random = stream(3, "simd/doubles", 0);
    for _ in 0..200 {
        let [a, b, c] = [(); 3].map(|()| [(); 4].map(|()| random.normal()));
        let want: [f64; 4] = std::array::from_fn(|k| a[k] * b[k] + c[k] * 0.1);
        for instructions in Instructions::available() {
            assert_eq!(instructions.run(Doubles([&a, &b, &c])), want, "{instructions:?}");
        }
    }
}

#[test]
fn less_than_the_best_can_be_forced() {
    let available = Instructions::available();
    assert_eq!(available.last(), Some(&Instructions::PORTABLE));
    for &instructions in &available {
        let forced = force(instructions);
        assert_eq!(Instructions::best(), instructions);
        drop(forced);
    }
}
