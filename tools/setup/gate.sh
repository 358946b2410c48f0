# shellcheck shell=bash disable=SC2154  # root, work, test_results: of ./drydock and tests.sh
# Sourced by ./drydock: the part of `test` that compares the simulation with real
# kernels. The column GATE of kmod/kernels/kernels.txt says with which.

gated_kernels() { # test|full
  awk -v full="$1" '!/^#/ && NF && ($7 == "test" || (full == "full" && $7 == "full")) { print $1 }' \
    "$root/kmod/kernels/kernels.txt"
}

# A kernel that is not ready is got in CI; elsewhere its programs are skipped. Prints
# nothing if it is there.
why_no_kernel() { # NAME
  # shellcheck disable=SC2034  # of kernels.sh
  local name=$1 kernels how series suite boot fragments state detail
  # shellcheck disable=SC2034  # of kernels.sh
  kernels=$(kernels_folder)
  read_kernel_row "$1"
  kernel_state
  [[ $state == absent || $state == broken ]] || return 0
  if [[ -n ${CI:-} ]]; then
    (run_kernel_command get "$1") >&2 2>"$work/get.log" && return
    cat "$work/get.log" >&2
    echo "it could not be got: $(tail -n 1 "$work/get.log")"
    return
  fi
  echo "kernel $1 is $state; ./drydock kernel get $1"
}

xml_text() { # TEXT
  sed 's/&/\&amp;/g; s/</\&lt;/g; s/"/\&quot;/g' <<<"$1"
}

run_gate() { # test|full [BAZEL-ARGUMENT...]: adds a row to test_results
  local kernel why status=0 begun=$SECONDS random=2000 folder programs=() log=$work/conform.log cases="" one
  [[ $1 == test ]] || random=100000
  echo "drydock test: conform" >&2
  if build_conform "${@:2}"; then
    folder=$conform_folder
    # All programs that are kept in text form; a driver gets those for its nodes.
    while read -r one; do programs+=(--programs "$one"); done < <(
      find "$root/fuzz" "$root/kmod" -name '*.prog' -printf '%h\n' | sort -u)
    for kernel in $(gated_kernels "$1"); do
      why=$(why_no_kernel "$kernel")
      if [[ -n $why && -z ${CI:-} ]]; then
        cases+="<testcase classname=\"conform\" name=\"$kernel\" status=\"notrun\"><skipped message=\"$(xml_text "$why")\"/></testcase>"
        continue
      fi
      : >"$log"
      if [[ -z $why ]] && "$folder/kmod/conform/conform" --kernel "$kernel" "${programs[@]}" \
        --random "$random" --seed 1 --out "$root/out" >"$log" 2>&1; then
        cases+="<testcase classname=\"conform\" name=\"$kernel\" status=\"run\"/>"
      else
        status=1
        [[ -n $why ]] || why=$(tail -n 1 "$log")
        cases+="<testcase classname=\"conform\" name=\"$kernel: $(xml_text "$why")\" status=\"run\"><failure/></testcase>"
      fi
      cat "$log" >&2
    done
  else
    status=1
  fi
  echo "<testsuites><testsuite>$cases</testsuite></testsuites>" >"$work/conform.xml"
  test_results+=("conform:$status:$((SECONDS - begun)):$work/conform.xml")
}
