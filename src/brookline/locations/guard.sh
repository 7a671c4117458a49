#!/bin/sh
# The guard of a machine: it runs each step of an operation once, whoever asks for it, how often, how late.
#
#   init FOLDER ID                     make the folder if it is absent; say its id and the boot id
#   run FOLDER ID EPOCH STEP BOOT FRESH OUT ERR SIZE KEEP <input
#                                      claim the step and start it, or attach to it; stream what it writes
#   attach FOLDER ID EPOCH STEP OUT ERR
#   status FOLDER ID STEP
#   output FOLDER ID STEP STREAM OFFSET
#   kill FOLDER ID EPOCH STEP WHY GRACE
#   collect FOLDER ID EPOCH STEP...    forget ended steps but for a mark
#   remove FOLDER ID                   the machine is given back: end what runs, delete it all
#   sweep FOLDER ID                    forget what is old; `collect` does it too, once an hour
#
# The answer is lines of words. "out N" and "err N" are followed by N bytes of the step's output. The last
# line is "end CODE WHY SINCE UNTIL NOW OUT ERR" (seconds of the boot clock, bytes; "-" for what is unknown), "ok",
# "refused WHY" or "failed TEXT". An answer that ends without one of them was cut off.
#
# In the folder:
#   id            its random id, the way of locking, the way of starting
#   epoch         the highest that was seen
#   steps/STEP/   a claim. In it: claim (epoch, boot id), input, started (the gate: whoever links it starts the
#                 command, once), stdout, stderr, kill (why it is to end), end (blank until it ended)
#   marks/DAY/    an empty file for each step that was killed before it began (k.STEP) or collected (c.STEP)
#   in/           input that is being received
#
# Beside the folders, removed/DAY/ID is an empty file for each folder that was removed.
#
# All state is complete after each command of this script, so it may be killed at any of them.

set -u

g_sh=/bin/sh
g_newline='
'
g_held=
g_input=

g_refuse() {
  g_clean_up
  echo "refused $*"
  exit 3
}

g_fail() {
  g_clean_up
  echo "failed $*"
  exit 4
}

g_clean_up() {
  g_unlock
  if [ -n "$g_input" ] && [ -e "$g_folder/$g_input" ]; then
    rm -f "$g_folder/$g_input"
  fi
}

# Time and processes.

g_read_boot() {
  g_boot=
  if [ -r /proc/sys/kernel/random/boot_id ]; then
    # Not by `read`: the kernel gives this file to the first read only, and `read` may take single bytes.
    g_boot=$(cat /proc/sys/kernel/random/boot_id)
  else
    g_boot=$(sysctl -n kern.bootsessionuuid 2>/dev/null || sysctl -n kern.boottime 2>/dev/null | tr -cd 0-9)
  fi
  g_boot=${g_boot:-unknown}
}

g_clock() {
  if [ -r /proc/uptime ]; then
    read -r g_up _ </proc/uptime
  else
    g_up=$(date +%s)
  fi
}

g_sleep() {
  sleep "$1" 2>/dev/null || sleep 1
}

# Set g_start to what tells a process from a later one of the same id; to nothing if it is gone.
g_start_of() {
  g_start=
  if [ ! -d /proc/self ]; then
    g_start=$(ps -o lstart= -p "$1" 2>/dev/null | tr -cd 0-9A-Za-z)
    return 0
  fi
  g_line=
  { read -r g_line <"/proc/$1/stat"; } 2>/dev/null || return 0
  # shellcheck disable=SC2086 # words: state, parent, group, session …; the 20th is the start
  set -- ${g_line##*\) }
  case $1 in
    Z* | X*) return 0 ;;
  esac
  shift 19
  g_start=$1
}

g_is_alive() { # PID START
  kill -0 "$1" 2>/dev/null || return 1
  g_start_of "$1"
  [ "$g_start" = "$2" ]
}

# Tell whether processes of a step are left though its runner is gone. The number may be another group's by now,
# so one of them must have the step's output open.
g_has_orphans() {
  # A number is only given anew once nobody is left of the group and the session that have it.
  g_start_of "$g_pid"
  [ "${g_start:-$g_pid_start}" = "$g_pid_start" ] || return 1
  if g_needs_sudo; then
    g_has_orphans_of_another
    return
  fi
  kill -0 "-$g_pid" 2>/dev/null || return 1
  [ -d /proc/self ] || return 0
  for g_process in /proc/[0-9]*; do
    [ "$g_process/fd/1" -ef "$g_dir/stdout" ] && return 0
    [ "$g_process/fd/2" -ef "$g_dir/stderr" ] && return 0
  done
  # It may have become another user's meanwhile.
  g_needs_sudo && g_has_orphans_of_another
}

# The same for those of another user, whose open files only he sees. What he does not see either may be a `sudo` that
# is about to become him. If he cannot be asked, they count.
g_has_orphans_of_another() {
  g_find_family
  [ "$g_family" != " $g_pid " ] || return 1
  # shellcheck disable=SC2016,SC2086 # for his shell; words
  g_by_other "$g_user" '
    for process; do
      [ ! -d "/proc/$process" ] || [ -r "/proc/$process/fd" ] || exit 0
      [ "/proc/$process/fd/1" -ef /proc/self/fd/0 ] && exit 0
      [ "/proc/$process/fd/2" -ef /proc/self/fd/1 ] && exit 0
    done
    exit 9' guard $g_family <"$g_dir/stdout" 1<"$g_dir/stderr" 2>/dev/null
  [ $? -ne 9 ]
}

# Set g_family to the runner of a step and what lives of its session and of what descends from it; g_others to those of
# them that are not of its group.
g_find_family() {
  g_family=" $g_pid "
  g_others=
  g_before=
  until [ "$g_before" = "$g_family" ]; do
    g_before=$g_family
    for g_line in $(g_list_processes); do
      g_process=${g_line%%,*}
      g_line=${g_line#*,}
      case "$g_family" in
        *" $g_process "*) continue ;;
        *" ${g_line%%,*} "*) ;;
        *) [ "${g_line##*,}" = "$g_pid" ] || continue ;;
      esac
      g_family="$g_family$g_process "
      case $g_line in
        *",$g_pid,"*) ;;
        *) g_others="$g_others $g_process" ;;
      esac
    done
  done
}

# Print "PROCESS,PARENT,GROUP,SESSION" of all, by programs, for a shell reads such files byte by byte. The name of the file
# is before each line, so that a process that has line feeds in its own name can lie about itself only.
g_list_processes() {
  LC_ALL=C grep -F ') ' /proc/[0-9]*/stat /dev/null 2>/dev/null |
    LC_ALL=C sed -n 's/^.proc.\([0-9]*\).*) [^XZx] \([0-9]*\) \([0-9]*\) \([0-9]*\) .*/\1,\2,\3,\4/p'
}

# Other users: as root by `su`, else by `sudo`, which must not ask for a password.

# Tell whether a step is run by another user; set g_user to his name.
g_is_anothers() {
  g_user=
  { read -r g_user <"$g_dir/user"; } 2>/dev/null
  [ -n "$g_user" ]
}

# Tell whether we can do nothing about it but by `sudo`.
g_needs_sudo() {
  g_is_anothers && [ "$(id -u)" != 0 ]
}

# Have another user run a text with arguments.
g_by_other() { # USER TEXT NAME ARGUMENT...
  g_whom=$1
  g_text=$2
  shift 2
  if [ "$(id -u)" = 0 ]; then
    su -s /bin/sh -c "$g_text" -- "$g_whom" "$@"
  else
    sudo -n -u "$g_whom" -- /bin/sh -c "$g_text" "$@"
  fi
}

# Tell whether commands can be run as another user; set g_trouble to what is to be done if not.
g_can_become() { # USER
  g_here=$(uname -n)
  if ! id -u "$1" >/dev/null 2>&1; then
    g_trouble="$g_here has no user '$1'"
    return 1
  fi
  g_said=$(g_by_other "$1" : guard </dev/null 2>&1) && return 0
  g_said=${g_said##*"$g_newline"}
  g_trouble="'$(id -un)' cannot be '$1' on $g_here"
  if [ "$(id -u)" = 0 ]; then
    g_trouble="$g_trouble: $g_said"
    return 1
  fi
  command -v sudo >/dev/null || g_said="sudo is not installed"
  g_trouble="$g_trouble ($g_said); allow it there by a line in /etc/sudoers.d: $(id -un) ALL=($1) NOPASSWD: ALL"
  return 1
}

# The folder.

g_open() { # FOLDER ID
  g_folder=$1
  g_meant=${2%.*}
  # Whoever removes it may have died in the midst of that.
  [ "$g_command" = remove ] || g_refuse_removed
  g_id=
  if [ -r "$g_folder/id" ]; then
    read -r g_id g_locking g_starting <"$g_folder/id"
  fi
  [ "$g_id" = "$g_meant" ] || g_refuse reset
  g_read_boot
}

# Tell whether the folder that is meant was removed, or is about to be.
g_is_removed() {
  for g_day in "${g_folder%/*}"/removed/*; do
    [ -e "$g_day/$g_meant" ] && return 0
  done
  return 1
}

g_refuse_removed() {
  if g_is_removed; then
    g_refuse removed
  fi
}

g_step() { # STEP
  case $1 in
    '' | .* | *[!A-Za-z0-9._-]*) g_fail "no id of a step: $1" ;;
  esac
  g_name=$1
  g_dir=$g_folder/steps/$1
}

g_init() { # FOLDER ID
  g_folder=$1
  umask 077
  g_finish_removal
  mkdir -p "$g_folder/in" "$g_folder/steps" "$g_folder/marks" || g_fail "cannot make the folder"
  if [ ! -s "$g_folder/id" ]; then
    g_ways
    : >>"$g_folder/lock" || g_fail "cannot write"
    [ -s "$g_folder/epoch" ] || echo 0 >"$g_folder/epoch" || g_fail "cannot write"
    echo "$2 $g_locking $g_starting" >"$g_folder/id.$$" || g_fail "cannot write"
    g_sync "$g_folder/id.$$" "$g_folder/epoch" "$g_folder"
    ln "$g_folder/id.$$" "$g_folder/id" 2>/dev/null
    rm -f "$g_folder/id.$$"
    g_sync "$g_folder"
  fi
  read -r g_id _ <"$g_folder/id" || g_fail "cannot read the folder"
  g_read_boot
  g_measure .
  echo "guard $g_id.$g_inode $g_boot"
  echo ok
}

# Do what is left of a removal in whose midst somebody died.
g_finish_removal() {
  { read -r g_id g_locking g_starting <"$g_folder/id"; } 2>/dev/null || return 0
  g_meant=$g_id
  if g_is_removed; then
    g_read_boot
    g_dismantle "$g_day"
  fi
}

# Find out how this machine locks and starts. It is kept, for two ways of locking would not see each other.
g_ways() {
  g_locking='link'
  if command -v flock >/dev/null && (flock 9 9>&9) 9>"$g_folder/lock" 2>/dev/null; then
    g_locking=flock
  fi
  g_starting=job
  if setsid --fork true >/dev/null 2>&1; then
    g_starting=fork
  elif ! command -v setsid >/dev/null; then
    # Asked of another shell, for in a subshell the letter is shown though nothing follows from it.
    "$g_sh" -c 'set -m; case $- in *m*) exit 0 ;; esac; exit 1' 2>/dev/null || g_fail "neither setsid nor job control is here"
  fi
}

g_sync() {
  sync "$@" 2>/dev/null || sync
}

# Set g_inode to the folder's, and g_bytes to the size of a file in it.
g_measure() { # FILE
  g_list=$(cd "$g_folder" && LC_ALL=C ls -dniL . "$1")
  # shellcheck disable=SC2086
  set -- $g_list
  g_inode=$1
  g_list=${g_list##*"$g_newline"}
  # shellcheck disable=SC2086
  set -- $g_list
  g_bytes=$6
}

# The lock.

g_lock() {
  if [ "$g_locking" = flock ]; then
    exec 9<>"$g_folder/lock"
    flock 9 9>&9 || g_fail "cannot lock"
    return 0
  fi
  g_start_of $$
  g_me="$$ $g_start $g_boot"
  g_mine=$g_folder/lock.$$.$g_start
  rm -f "$g_mine"
  echo "$g_me" >"$g_mine" || g_fail "cannot write"
  g_turn=0
  until ln "$g_mine" "$g_folder/held" 2>/dev/null; do
    g_turn=$((g_turn + 1))
    [ "$g_turn" -lt 3000 ] || g_fail "cannot lock"
    g_break_lock || g_sleep 0.02
  done
  g_held=1
}

# Free the lock of a dead holder: rename it aside, and see that it was his and not that of the next one.
g_break_lock() {
  g_other_pid=
  { read -r g_other_pid g_other_start g_other_boot <"$g_folder/held"; } 2>/dev/null
  [ -n "$g_other_pid" ] || return 1
  if [ "$g_other_boot" = "$g_boot" ] && g_is_alive "$g_other_pid" "$g_other_start"; then
    return 1
  fi
  mv "$g_folder/held" "$g_mine.broken" 2>/dev/null || return 1
  read -r g_line <"$g_mine.broken"
  if [ "$g_line" != "$g_other_pid $g_other_start $g_other_boot" ]; then
    ln "$g_mine.broken" "$g_folder/held" 2>/dev/null
  fi
  rm -f "$g_mine.broken"
}

# Have the lock still: somebody may have renamed it aside, and another one taken the place.
g_hold() {
  [ -n "$g_held" ] || return 0
  g_line=
  { read -r g_line <"$g_folder/held"; } 2>/dev/null
  [ "$g_line" = "$g_me" ] || g_fail "the lock was lost"
}

g_unlock() {
  if [ -n "$g_held" ]; then
    g_held=
    g_line=
    { read -r g_line <"$g_folder/held"; } 2>/dev/null
    [ "$g_line" = "$g_me" ] && rm -f "$g_folder/held"
    rm -f "$g_mine"
  fi
  exec 9>&-
}

g_check_epoch() { # EPOCH
  g_refuse_removed # while it waited for the lock
  g_raised=
  [ "$1" -gt 0 ] || return 0
  g_seen=0
  read -r g_seen <"$g_folder/epoch"
  [ "$1" -ge "${g_seen:-0}" ] || g_refuse epoch "$g_seen"
  if [ "$1" -gt "${g_seen:-0}" ]; then
    # In place, which needs no room; a higher number is not shorter.
    echo "$1" 1<>"$g_folder/epoch"
    g_raised=1
  fi
}

g_is_marked() {
  for g_day in "$g_folder"/marks/*; do
    g_mark=killed
    [ -e "$g_day/k.$g_name" ] && return 0
    g_mark=collected
    [ -e "$g_day/c.$g_name" ] && return 0
  done
  return 1
}

g_put_mark() { # k or c
  g_day=$g_folder/marks/$(($(date +%s) / 86400))
  [ -d "$g_day" ] || mkdir -p "$g_day"
  : >"$g_day/$1.$g_name" || g_fail "cannot write"
}

# Delete the folder of a step, at one blow for those who look at it.
g_erase() {
  mv "$g_dir" "$g_folder/in/$g_name.$$" 2>/dev/null
  rm -rf "$g_folder/in/$g_name.$$"
}

# What became of a step.

# Set g_state to claimed, running, over or rebooted, and what is known: g_code, g_why, g_since, g_until, g_pid.
g_look() {
  g_code=-
  g_why=-
  g_since=-
  g_until=-
  g_pid=0
  if [ -f "$g_dir/kill" ]; then
    g_why=killed
    read -r g_why <"$g_dir/kill"
    g_why=${g_why:-killed}
  fi
  if [ ! -e "$g_dir/started" ]; then
    g_state=claimed
    g_claim_boot=
    { read -r _ g_claim_boot g_dot <"$g_dir/claim"; } 2>/dev/null && [ "$g_dot" = . ] || g_claim_boot=
    [ "${g_claim_boot:-$g_boot}" = "$g_boot" ] || g_state=rebooted
    return 0
  fi
  if ! { read -r g_pid g_pid_start g_since g_start_boot <"$g_dir/started"; } 2>/dev/null; then
    g_state=claimed # the folder went just now
    return 0
  fi
  g_state=over
  g_read_end && return 0
  if [ "$g_pid" = 0 ]; then
    [ "$g_why" != - ] || g_why=killed
    return 0
  fi
  if [ "$g_start_boot" != "$g_boot" ]; then
    g_state=rebooted
    return 0
  fi
  g_state=running
  g_is_alive "$g_pid" "$g_pid_start" && return 0
  if g_read_end; then
    g_state=over
    return 0
  fi
  g_has_orphans && return 0
  g_state=over
  [ "$g_why" != - ] || g_why=lost
}

g_read_end() {
  g_dot=
  g_words=
  { read -r g_words <"$g_dir/end"; } 2>/dev/null
  # shellcheck disable=SC2086
  set -- $g_words
  [ "${5:-}" = . ] || return 1
  g_code=$1
  g_until=$2
  g_most_out=$3
  g_most_err=$4
}

g_sizes() {
  g_size_out=0
  g_size_err=0
  [ -s "$g_dir/stdout" ] || [ -s "$g_dir/stderr" ] || return 0
  g_list=$([ "$g_dir" = . ] || cd "$g_dir" && LC_ALL=C ls -nL stderr stdout)
  # shellcheck disable=SC2086
  set -- $g_list
  g_size_err=$5
  g_list=${g_list#*"$g_newline"}
  # shellcheck disable=SC2086
  set -- $g_list
  g_size_out=$5
}

# The runner: a process that leads a session of its own, has the lock no more, and waits for the command.

g_runner() { # DIR BOOT ID
  g_from=$PWD
  g_dir=$1
  trap : HUP INT TERM
  # From here on it writes into this very folder, wherever that is moved to, and not into one in its place.
  cd "$g_dir" || exit 1
  { read -r g_id _ <../../id; } 2>/dev/null
  [ "${g_id-}" = "$3" ] || exit 1
  g_start_of $$
  g_clock
  echo "$$ $g_start $g_up $2" >"started.$$" || exit 1
  ln "started.$$" started || exit 1
  (
    cd "$g_from" || cd /
    g_become "$g_dir/script"
  ) <input >>stdout 2>>stderr
  g_code=$?
  g_dir=.
  if [ "$g_code" -gt 255 ]; then
    g_code=$((g_code - 128)) # so ksh tells of a signal
  fi
  g_clock
  g_sizes
  # In place, so that a full disk does not lose it.
  echo "$g_code $g_up $g_size_out $g_size_err ." 1<>end
}

# Become the command. The input is "KIND LINES" and so many lines, again and again; after "go 0", the script.
# Another user runs this very text with the rest of the input, so it calls no other function but g_cannot and g_switch.
g_become() { # SCRIPT [OTHER]
  trap - HUP INT TERM
  g_script=$1
  g_other=${2-}
  g_cwd=
  set --
  while read -r g_kind g_lines && [ "$g_kind" != go ]; do
    IFS= read -r g_text
    while [ "$g_lines" -gt 1 ]; do
      IFS= read -r g_line
      g_text=$g_text$g_newline$g_line
      g_lines=$((g_lines - 1))
    done
    case $g_kind in
      user) g_switch "$g_text" ;;
      cwd) g_cwd=$g_text ;;
      make) mkdir -p -- "$g_text" || g_cannot ;;
      env) export "${g_text?}" ;;
      odd) set -- "$@" "$g_text" ;; # a name that a shell cannot have, or makes something of
    esac
  done
  cat >"$g_script" || g_cannot
  if [ -n "$g_cwd" ]; then
    cd -- "$g_cwd" || g_cannot
  fi
  for g_shell in /bin/bash /usr/bin/bash /usr/local/bin/bash /bin/sh; do
    [ ! -x "$g_shell" ] || break
  done
  if [ -n "$g_other" ]; then
    # Its script is a temporary file, which must not stay.
    # shellcheck disable=SC2094
    {
      rm -f "$g_script"
      exec env -- "$@" "$g_shell" -e /dev/fd/3 </dev/null 3<&3
    } 3<"$g_script"
  fi
  if [ $# -gt 0 ]; then
    exec env -- "$@" "$g_shell" -e "$g_script" </dev/null
  fi
  exec "$g_shell" -e "$g_script" </dev/null
}

# Become another user, who goes on with the input.
g_switch() { # USER
  [ "$1" != "$(id -un)" ] || return 0
  if ! g_can_become "$1"; then
    echo "$g_trouble" >&2
    g_cannot
  fi
  echo "$1" >"$g_dir/user" || g_cannot
  g_program=$(sed -n '/^g_become() {/,/^}/p' "$0")
  g_program="g_cannot() { exit 125; }
g_newline='$g_newline'
$g_program
g_become \"\$(mktemp)\" other"
  if [ "$(id -u)" = 0 ]; then
    exec su -s /bin/sh -c "$g_program" -- "$1"
  fi
  exec sudo -n -H -u "$1" -- /bin/sh -c "$g_program"
}

g_cannot() {
  echo unstarted >"$g_dir/kill"
  exit 125
}

g_spawn() {
  set -- "$g_sh" "$0" runner "$g_dir" "$g_boot" "$g_id"
  if [ "$g_starting" = fork ]; then
    setsid --fork "$@" </dev/null >/dev/null 2>&1 9>&-
    return 0
  fi
  # With job control, if there is, for else a shell has what is in the background ignore SIGINT.
  set -m 2>/dev/null
  if command -v setsid >/dev/null; then
    setsid "$@" </dev/null >/dev/null 2>&1 9>&- &
  else
    "$@" </dev/null >/dev/null 2>&1 9>&- &
  fi
  set +m 2>/dev/null
}

# Commands.

g_run() { # EPOCH BOOT FRESH SIZE INODE
  if [ -e "$g_dir/started" ]; then
    # Its input is not needed, and there may be no room for it: perhaps it was this step that filled the disk.
    cat >/dev/null
    g_measure .
  else
    g_input=in/$g_name.$$
    cat >"$g_folder/$g_input" || g_fail "cannot write"
    g_measure "$g_input"
    [ "$g_bytes" -eq "$4" ] || g_fail "the input is not complete"
  fi
  [ "$g_inode" = "$5" ] || g_refuse reset
  g_lock
  g_claim "$1" "$2" "$3"
  g_clean_up
}

g_claim() { # EPOCH BOOT FRESH
  g_check_epoch "$1"
  if g_is_marked; then
    g_refuse "$g_mark"
  fi
  g_known=known
  if [ -d "$g_dir" ]; then
    g_look
    [ "$g_state" != rebooted ] || g_refuse rebooted
    [ "$g_state" = claimed ] || return 0
  elif [ "$2" != "$g_boot" ] && [ "$3" != fresh ]; then
    g_refuse rebooted
  fi
  [ -n "$g_input" ] || g_refuse_gone
  if [ ! -d "$g_dir" ]; then
    g_hold
    mkdir "$g_dir" || g_fail "cannot make a folder"
  fi
  # From here on it is claimed, and whoever is killed leaves the rest to the next one.
  if [ ! -s "$g_dir/end" ]; then
    # No runner has been made yet, for it would need this.
    echo "                                                                              " >"$g_dir/end" || g_fail "cannot write"
  fi
  mv "$g_folder/$g_input" "$g_dir/input" || g_fail "cannot write"
  echo "$1 $g_boot ." >"$g_dir/claim" || g_fail "cannot write"
  # One flush of the disk for each: what is not new is not among them.
  if [ -n "$g_raised" ]; then
    g_sync "$g_dir/claim" "$g_folder/steps" "$g_folder/epoch"
  else
    g_sync "$g_dir/claim" "$g_folder/steps"
  fi
  g_hold
  g_known=new
  g_spawn
}

# Wait until the command was started, which takes no time unless its runner was killed, or something is wrong with
# the machine. Another runner does no harm: one of them passes the gate.
g_await_start() {
  g_turn=0
  until [ -e "$g_dir/started" ]; do
    [ -d "$g_dir" ] || g_refuse_gone
    g_turn=$((g_turn + 1))
    if [ $((g_turn % 25)) -eq 0 ]; then
      g_spawn
    fi
    if [ "$g_turn" -gt 200 ] && g_forestall; then
      echo unstarted >"$g_dir/kill"
    fi
    if [ "$g_turn" -lt 20 ]; then
      g_sleep 0.002
    else
      g_sleep 0.1
    fi
  done
}

# Say what became of a step that was begun, and whose folder went while it was looked at.
g_refuse_gone() {
  if g_is_removed; then
    g_clean_up
    echo "end - removed - - - 0 0"
    exit 0
  fi
  g_is_marked || g_mark=gone
  g_refuse "$g_mark"
}

# Pass the gate in place of a runner, so that none will. Fails if one did.
g_forestall() {
  echo "0 0 - $g_boot" >"$g_dir/started.$$" || g_fail "cannot write"
  ln "$g_dir/started.$$" "$g_dir/started" 2>/dev/null
}

# Stream what the step writes until it is over, from the given places on.
g_follow() { # OUT ERR
  g_place_out=$1
  g_place_err=$2
  g_look
  g_clock
  echo "began $g_known $g_since $g_up $g_boot"
  g_turn=0
  while :; do
    g_look
    g_sizes
    case $g_state in
      rebooted) g_refuse rebooted ;;
      claimed) g_refuse_gone ;;
    esac
    if [ "$g_code" != - ]; then
      # What the command left running may write on; what was written after a crash may be lost.
      [ "$g_size_out" -ge "$g_most_out" ] && [ "$g_size_err" -ge "$g_most_err" ] || [ "$g_start_boot" = "$g_boot" ] || g_refuse rebooted
      [ "$g_size_out" -le "$g_most_out" ] || g_size_out=$g_most_out
      [ "$g_size_err" -le "$g_most_err" ] || g_size_err=$g_most_err
    fi
    g_frame out stdout "$g_place_out" "$g_size_out" && g_place_out=$g_size_out
    g_frame err stderr "$g_place_err" "$g_size_err" && g_place_err=$g_size_err
    [ "$g_state" != over ] || break
    g_pause
  done
}

g_tell_end() {
  g_clock
  echo "end $g_code $g_why $g_since $g_until $g_up $g_size_out $g_size_err"
}

g_frame() { # WORD FILE FROM TO
  [ "$4" -gt "$3" ] || return 1
  # The file may be gone, or have been cut short meanwhile, but what was announced must come.
  {
    echo "$1 $(($4 - $3))"
    { tail -c "+$(($3 + 1))" && cat /dev/zero; } 2>/dev/null | head -c "$(($4 - $3))"
  } 2>/dev/null <"$g_dir/$2"
}

g_pause() {
  g_turn=$((g_turn + 1))
  if [ "$g_turn" -lt 8 ]; then
    g_sleep 0.002
  elif [ "$g_turn" -lt 20 ]; then
    g_sleep 0.03
  elif [ "$g_turn" -lt 80 ]; then
    g_sleep 0.2
  else
    g_sleep 0.4
  fi
  if [ $((g_turn % 20)) -eq 0 ]; then
    echo tick || exit 1 # nobody reads any more
  fi
}

g_attach() { # EPOCH OUT ERR
  g_lock
  g_check_epoch "$1"
  if g_is_marked; then
    g_refuse "$g_mark"
  fi
  g_unlock
  [ -d "$g_dir" ] || g_refuse absent
  g_look
  [ "$g_state" != claimed ] || g_refuse absent
  g_known=known
  g_follow "$2" "$3"
  g_tell_end
}

g_status() {
  if g_is_marked; then
    g_refuse "$g_mark"
  fi
  [ -d "$g_dir" ] || g_refuse absent
  g_look
  g_sizes
  echo "state $g_state $g_size_out $g_size_err"
  g_tell_end
}

g_output() { # STREAM OFFSET
  [ -d "$g_dir" ] || g_refuse absent
  g_look
  g_sizes
  if [ "$g_code" != - ]; then
    [ "$g_size_out" -le "$g_most_out" ] || g_size_out=$g_most_out
    [ "$g_size_err" -le "$g_most_err" ] || g_size_err=$g_most_err
  fi
  case $1 in
    stdout) g_frame out stdout "$2" "$g_size_out" ;;
    stderr) g_frame err stderr "$2" "$g_size_err" ;;
  esac
  echo ok
}

g_kill() { # EPOCH WHY GRACE
  g_lock
  g_check_epoch "$1"
  if g_is_marked; then
    g_refuse "$g_mark"
  fi
  if [ ! -d "$g_dir" ] || g_forestall; then
    g_put_mark k
    g_sync "$g_day/k.$g_name" "$g_day" "$g_folder/marks"
    g_unlock
    g_erase
    echo "end - $2 - - -"
    return 0
  fi
  g_look
  if [ "$g_state" = running ]; then
    [ -s "$g_dir/kill" ] || echo "$2" >"$g_dir/kill"
    g_sync "$g_dir/kill" "$g_dir"
  fi
  g_unlock
  g_end_step "$3"
  g_sizes
  g_tell_end
}

# End a step if it runs.
g_end_step() { # GRACE
  [ "$g_state" = running ] || return 0
  if g_needs_sudo && ! g_can_become "$g_user"; then
    g_fail "$g_trouble"
  fi
  g_end_all "$1"
  g_look
  case $g_state in
    running) g_fail "it does not end" ;;
    claimed) g_refuse_gone ;;
  esac
}

# End a running step with all that it started: gently first, and after the grace (tenths of a second) for good.
g_end_all() { # GRACE
  g_ended=$g_pid
  g_signal TERM
  [ "$1" -lt 1 ] || g_await_end 10 0.01
  g_await_end "$(($1 - 1))" 0.1
  # Also those of its group that took no notice; and again, for what was just becoming another user may have been missed.
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    g_pid=$g_ended # its folder may have gone meanwhile, and then nothing there tells of its end
    g_signal KILL
    g_await_end 10 0.02
    case $g_state in
      running) ;;
      claimed)
        kill -0 "-$g_ended" 2>/dev/null || break
        g_sleep 0.02
        ;;
      *) break ;;
    esac
  done
}

g_await_end() { # TURNS SECONDS
  g_turn=0
  g_look
  while [ "$g_state" = running ] && [ "$g_turn" -lt "$1" ]; do
    g_turn=$((g_turn + 1))
    g_sleep "$2"
    g_look
  done
}

# Send a signal to the group of a step and to the rest of its family.
g_signal() { # SIGNAL
  [ "$g_pid" != 0 ] || return 0 # that would be the group of this script, and the family of all processes
  g_find_family
  if g_is_anothers && g_signal_by_other "$1" && [ "$1" = TERM ]; then
    # That is all: by this signal a `su` would end at once, whatever its command made of it.
    return 0
  fi
  # shellcheck disable=SC2086
  [ -z "$g_others" ] || kill "-$1" $g_others 2>/dev/null
  kill "-$1" "-$g_pid" 2>/dev/null
}

# Have the other user of a step send a signal to what is his of its family. Fails if nothing is.
g_signal_by_other() { # SIGNAL
  # shellcheck disable=SC2016,SC2086
  g_by_other "$g_user" '
    found=1
    signal=$1
    shift
    for process; do
      kill "-$signal" "$process" && found=0
    done
    exit "$found"' guard "$1" $g_family >/dev/null 2>&1 </dev/null
}

g_collect() { # EPOCH STEP...
  g_lock
  g_check_epoch "$1"
  shift
  for g_one in "$@"; do
    g_step "$g_one"
    g_forget
    # A step may have run several commands: STEP, STEP-2, STEP-3 …
    for g_more in "$g_dir"-*; do
      [ -d "$g_more" ] || continue
      g_step "${g_more##*/}"
      g_forget
    done
  done
  g_unlock
  for g_one in "$@"; do
    for g_more in "$g_folder/steps/$g_one" "$g_folder/steps/$g_one"-*; do
      [ -d "$g_more" ] || continue
      g_step "${g_more##*/}"
      if g_is_marked; then
        g_erase
      fi
    done
  done
  g_sweep
  echo ok
}

# Leave a mark of a step that is over, unless what it started lives on, and may write to its output for years.
g_forget() {
  g_is_marked && return 0
  if [ -d "$g_dir" ]; then
    g_look
    if [ "$g_state" = running ]; then
      return 0
    fi
    if [ "$g_state" = over ] && [ "$g_start_boot" = "$g_boot" ] && [ "$g_pid" != 0 ] && g_has_orphans; then
      return 0
    fi
    if [ "$g_state" = claimed ] && ! g_forestall; then
      return 0
    fi
  fi
  g_put_mark c
}

# Forget, once an hour: what ended a day ago, marks of a week ago, input that nobody receives any more.
g_sweep() {
  g_now=$(date +%s)
  g_last=0
  [ ! -s "$g_folder/swept" ] || read -r g_last <"$g_folder/swept"
  if [ "$g_now" -ge "$g_last" ] && [ "$g_now" -lt $((g_last + 3600)) ]; then
    return 0
  fi
  echo "$g_now" >"$g_folder/swept"
  g_sweep_marks "$g_folder/marks"
  g_sweep_marks "${g_folder%/*}/removed"
  for g_old in "$g_folder"/in/*; do
    [ ! -e "$g_old" ] || kill -0 "${g_old##*.}" 2>/dev/null || rm -rf "$g_old"
  done
  g_count=0
  for g_old in "$g_folder"/steps/*; do
    [ -d "$g_old" ] || continue
    [ "$g_count" -lt 1000 ] || break
    g_step "${g_old##*/}"
    g_sweep_step
  done
}

g_sweep_marks() { # FOLDER
  for g_old in "$1"/*; do
    if [ -d "$g_old" ] && [ "${g_old##*/}" -lt $((g_now / 86400 - 7)) ]; then
      rm -rf "$g_old"
    fi
  done
}

# A step is stamped by the first sweep that finds it over, and forgotten by one a day later.
g_sweep_step() {
  if ! g_is_marked; then
    g_look
    [ "$g_state" != running ] || return 0
    if [ ! -s "$g_dir/seen" ]; then
      echo "$g_now" >"$g_dir/seen"
      return 0
    fi
    read -r g_last <"$g_dir/seen"
    [ "$g_now" -ge $((g_last + 86400)) ] || return 0
    g_lock
    g_forget
    g_unlock
  fi
  if g_is_marked; then
    g_count=$((g_count + 1))
    g_erase
  fi
}

# Forget a step without a mark, for one whose id is never used again.
g_drop() {
  if [ "$g_pid" = 0 ] || ! g_has_orphans; then
    rm -rf "$g_dir"
  fi
}

# Delete it all, and leave a mark. From that on nothing begins here; what runs is ended, for nobody would own it.
g_remove() {
  g_now=$(date +%s)
  g_home=${g_folder%/*}/removed
  g_today=$g_home/$((g_now / 86400))
  g_lock
  # A full disk must not stay full for want of room for the mark.
  { mkdir -p "$g_today" && : >"$g_today/$g_id"; } 2>/dev/null
  g_sync "$g_today/$g_id" "$g_today" "$g_home"
  g_unlock
  g_dismantle "$g_today"
  g_sweep_marks "$g_home"
}

g_dismantle() { # FOLDER OF MARKS
  for g_dir in "$g_folder"/steps/*; do
    [ ! -d "$g_dir" ] || g_end_for_removal
  done
  # At one blow for those who look at it.
  mv "$g_folder" "$1/$g_id.folder" 2>/dev/null
  rm -rf "$1/$g_id.folder" "$g_folder"
}

g_end_for_removal() {
  g_look
  case $g_state in
    claimed | running) [ -s "$g_dir/kill" ] || echo removed >"$g_dir/kill" ;;
    *) return 0 ;;
  esac
  [ "$g_state" = running ] || ! g_forestall || return 0
  g_look
  g_end_step 20
}

g_command=$1
shift
case $g_command in
  runner)
    g_runner "$@"
    exit 0
    ;;
  init)
    g_init "$@"
    exit 0
    ;;
esac
g_open "$1" "$2"
case $g_command in
  run)
    g_step "$4"
    g_run "$3" "$5" "$6" "$9" "${2##*.}"
    g_await_start
    g_follow "$7" "$8"
    shift 9
    [ "$1" != drop ] || trap '' HUP PIPE TERM # who is told the end may be gone before it is dropped
    g_tell_end
    [ "$1" != drop ] || g_drop
    ;;
  attach)
    g_step "$4"
    g_attach "$3" "$5" "$6"
    ;;
  status)
    g_step "$3"
    g_status
    ;;
  output)
    g_step "$3"
    g_output "$4" "$5"
    ;;
  kill)
    g_step "$4"
    g_kill "$3" "$5" "$6"
    ;;
  collect)
    shift 2
    g_collect "$@"
    ;;
  remove)
    g_remove
    echo ok
    ;;
  sweep)
    g_sweep
    echo ok
    ;;
  *) g_fail "no command: $g_command" ;;
esac
