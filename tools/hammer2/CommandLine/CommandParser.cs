// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Linq;
using System.Text;

namespace Hammer2.Tool.CommandLine;

/// <summary>Parses the arguments of a command, as defined by its row.</summary>
/// <remarks>Only the parser of the command that runs is built, which keeps mounting fast.</remarks>
internal static class CommandParser
{
    private const int WordsMax = 10_000;

    // An argument that starts with @ is a label, not a response file.
    private static readonly ParserConfiguration Configuration = new() { ResponseFileTokenReplacer = null };

    /// <summary>
    /// Stores the arguments in <paramref name="values"/> by the name of their row. Returns null, or the error message.
    /// </summary>
    public static string? Parse(CommandRow row, string[] words, out Dictionary<string, string[]> values)
    {
        var command = new Command(row.Name);
        var arguments = new List<(ArgumentRow Row, Argument Symbol)>();
        var options = new List<(OptionRow Row, Option Symbol)>();
        foreach (ArgumentRow argument in HasTail(row) ? row.Arguments[..^1] : row.Arguments)
            arguments.Add((argument, Add(command, argument)));
        foreach (OptionRow option in CommonOptions.AllOf(row)) options.Add((option, Add(command, option)));

        ParseResult result = command.Parse(words, Configuration);
        values = [];
        string? wrong = result.Errors.Count == 0 ? null : Lower(result.Errors[0].Message);
        foreach ((ArgumentRow argument, Argument symbol) in arguments)
        {
            string[] given = Words(result.GetResult(symbol));
            if (given.Length > 0) values[argument.Name] = given;
            wrong ??= UnknownOption(given, words) ?? NotAmong(argument.Name, given, argument.Choices);
        }
        wrong ??= MoveLastWord(row, values);
        foreach ((OptionRow option, Option symbol) in options)
        {
            if (result.GetResult(symbol) is not { Implicit: false } found) continue;
            values[option.Name] = Words(found);
            wrong ??= NotAmong(option.Name, values[option.Name], option.Choices);
        }

        // --help is accepted even when arguments are missing.
        return values.ContainsKey(CommonOptions.Help.Name) ? null : wrong;
    }

    // "SPEC... DIR": the library assigns all words to the repeating argument.
    private static string? MoveLastWord(CommandRow row, Dictionary<string, string[]> values)
    {
        if (!HasTail(row)) return null;
        (string repeating, string tail) = (row.Arguments[^2].Name, row.Arguments[^1].Name);
        string[] words = values.GetValueOrDefault(repeating, []);
        if (words.Length < 2) return $"{(words.Length == 0 ? repeating : tail)} is missing";
        values[repeating] = words[..^1];
        values[tail] = [words[^1]];
        return null;
    }

    private static bool HasTail(CommandRow row) => row.Arguments.Length >= 2 && row.Arguments[^2].Repeats;

    private static Argument Add(Command command, ArgumentRow row)
    {
        Argument argument = row.Repeats ? new Argument<string[]>(row.Name) : new Argument<string>(row.Name);
        argument.Arity = new ArgumentArity(row.IsOptional ? 0 : 1, row.Repeats ? WordsMax : 1);
        command.Add(argument);
        return argument;
    }

    private static Option Add(Command command, OptionRow row)
    {
        string[] aliases = row.Short is { } name ? [name] : [];
        Option option = row.ValueName is null
            ? new Option<bool>(row.Name, aliases) { Arity = ArgumentArity.Zero }
            : new Option<string[]>(row.Name, aliases) { Arity = new ArgumentArity(1, WordsMax) };
        command.Add(option);
        return option;
    }

    private static string[] Words(SymbolResult? result) =>
        result is null ? [] : [.. result.Tokens.Select(token => token.Value)];

    // The library treats an unknown option as an argument. A name that starts with a dash must follow "--".
    private static string? UnknownOption(string[] given, string[] words)
    {
        int end = Array.IndexOf(words, "--");
        ReadOnlySpan<string> before = end < 0 ? words : words.AsSpan(0, end);
        foreach (string word in given)
            if (word.Length > 1 && word[0] == '-' && before.Contains(word)) return $"{word}: no such option";
        return null;
    }

    private static string? NotAmong(string name, string[] given, string[] choices)
    {
        if (choices.Length == 0) return null;
        foreach (string word in given)
        {
            if (Array.IndexOf(choices, word) < 0)
                return $"{name} is '{word}' and must be one of {string.Join(", ", choices)}";
        }
        return null;
    }

    // Converts messages of the library to the style of this program: no capital at the start, no full stop.
    private static string Lower(string message)
    {
        var text = new StringBuilder(message.TrimEnd('.').ReplaceLineEndings(" "));
        if (text.Length > 1 && char.IsLower(text[1])) text[0] = char.ToLowerInvariant(text[0]);
        return text.ToString();
    }
}
