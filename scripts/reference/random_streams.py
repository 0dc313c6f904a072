"""Reference values of the named random streams (crates/random), written independently in Python."""
import math

M = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M
    return z ^ (z >> 31)


def key(seed, purpose, index):
    data = purpose.encode()
    words = [len(data)]
    words += [int.from_bytes(data[i:i + 8].ljust(8, b"\0"), "little") for i in range(0, len(data), 8)]
    words.append(index)
    state = mix((seed + GOLDEN) & M)
    for word in words:
        state = mix(((state + GOLDEN) & M) ^ mix(word ^ GOLDEN))
    return [mix((state + GOLDEN * (lane + 1)) & M) for lane in range(4)]


def xoshiro256pp(s):
    rotl = lambda x, k: ((x << k) | (x >> (64 - k))) & M
    while True:
        result = (rotl((s[0] + s[3]) & M, 23) + s[0]) & M
        t = (s[1] << 17) & M
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotl(s[3], 45)
        yield result


def normal(draws):
    uniform = lambda: (next(draws) >> 11) / (1 << 53)
    while True:
        x, y = 2 * uniform() - 1, 2 * uniform() - 1
        r2 = x * x + y * y
        if 0 < r2 < 1:
            return x * math.sqrt(-2 * math.log(r2) / r2)


if __name__ == "__main__":
    for name in [(0, "", 0), (1, "encoder/connectivity", 9)]:
        g = xoshiro256pp(key(*name))
        print(name, [next(g), next(g)])
    print("normal", repr(normal(xoshiro256pp(key(3, "normal", 0)))))
