# complete.fish SCRIPT LINE: prints what fish offers for a line, one candidate a line.
source $argv[1]
complete -C $argv[2] | string replace -r '\t.*' ''
