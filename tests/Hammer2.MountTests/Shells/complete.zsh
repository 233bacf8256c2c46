# complete.zsh SCRIPT LINE: prints what zsh offers for a line, one candidate a line. The tab key is pressed in an interactive
# shell on a terminal of its own; the script must be named _hammer2.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PROMPT= ; stty -echo; fpath=(${(q)1:h} \$fpath); autoload -Uz compinit; compinit -u -D"
zpty -w shell 'compadd() {
    if [[ "$*" == *-[OAD]\ * || "$1" == -[OAD]* ]]; then builtin compadd "$@"; return; fi
    local -a found
    builtin compadd -A found "$@"
    print -rl -- "hit:"${^found}
    builtin compadd "$@"
}
finish() { print -r -- end:; exit }
comppostfuncs=(finish)
bindkey "^I" complete-word
print ready:'
zpty -r shell output '*ready:*'
zpty -w -n shell "$2"$'\t'
zpty -r shell output '*end:*'
print -r -- "$output" | tr -d '\r' | sed -n 's/.*hit://p'
zpty -d shell
