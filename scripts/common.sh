# Shared by the scripts beside it: `. scripts/common.sh`, from the root of the repository.
# Paths stay relative or quoted: the checkout may stand in a folder with a space in its name.

PYTHON=.venv/bin/python

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }

# Prints what is wrong on the first line and what to do about it on the next ones, and ends.
fail() {
    printf '\n\033[1;31mtalkoo:\033[0m %s\n' "$1" >&2
    shift
    for line; do printf '        %s\n' "$line" >&2; done
    printf '\n' >&2
    exit 1
}

# One hash over files and folders (names and contents) and over the words after `--`.
fingerprint() {
    {
        while [ $# -gt 0 ] && [ "$1" != -- ]; do
            [ ! -e "$1" ] || find "$1" -type f -print0
            shift
        done | LC_ALL=C sort -z | xargs -0 -r sha256sum
        printf '%s\n' "$@"
    } | sha256sum | cut -d ' ' -f 1
}

# A stamp keeps the fingerprint that a step was done for, beside what the step made, so that
# deleting the product also forgets the stamp.
is_stamped() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }
stamp() { mkdir -p "$(dirname "$1")" && printf '%s\n' "$2" >"$1"; }
