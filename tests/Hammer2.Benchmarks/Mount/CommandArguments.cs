// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Globalization;
using System.IO;

namespace Hammer2.Benchmarks.Mount;

/// <summary>What was written on the command line cannot be used; the message says what to change.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>Options of the form <c>--name value</c> and plain words, in any order.</summary>
internal sealed class CommandArguments
{
    private readonly Dictionary<string, List<string>> _options = [];
    private readonly List<string> _words = [];

    /// <summary>Splits the line; an option that is not in <paramref name="known"/> is refused.</summary>
    internal CommandArguments(ReadOnlySpan<string> arguments, IReadOnlyCollection<string> known)
    {
        for (int i = 0; i < arguments.Length; i++)
        {
            string word = arguments[i];
            if (!word.StartsWith("--", StringComparison.Ordinal))
            {
                _words.Add(word);
                continue;
            }
            if (word == "--help") throw new UsageException(string.Empty);
            string name = word[2..];
            string? value = null;
            int equals = name.IndexOf('=', StringComparison.Ordinal);
            if (equals >= 0) (name, value) = (name[..equals], name[(equals + 1)..]);
            bool isKnown = false;
            foreach (string candidate in known) isKnown |= candidate == name;
            if (!isKnown) throw new UsageException($"unknown option --{name}");
            if (value is null && ++i == arguments.Length) throw new UsageException($"--{name} needs a value");
            value ??= arguments[i];
            if (!_options.TryGetValue(name, out List<string>? values)) _options[name] = values = [];
            values.Add(value);
        }
    }

    /// <summary>Runs a command; answers its exit code: 2, with the problem and the usage, when it was not
    /// understood.</summary>
    internal static int Run(ReadOnlySpan<string> arguments, IReadOnlyCollection<string> known, string usage,
        TextWriter errors, Func<CommandArguments, int> command)
    {
        try
        {
            return command(new CommandArguments(arguments, known));
        }
        catch (UsageException problem)
        {
            errors.WriteLine(problem.Message.Length == 0 ? usage : problem.Message + "\n" + usage);
            return 2;
        }
    }

    /// <summary>The words that belong to no option.</summary>
    internal IReadOnlyList<string> Words => _words;

    /// <summary>The last value given for an option, or null.</summary>
    internal string? Text(string name)
        => _options.TryGetValue(name, out List<string>? values) ? values[^1] : null;

    /// <summary>All comma-separated values given for an option.</summary>
    internal List<string> Names(string name)
    {
        List<string> names = [];
        if (!_options.TryGetValue(name, out List<string>? values)) return names;
        foreach (string value in values)
        {
            names.AddRange(value.Split(',', StringSplitOptions.RemoveEmptyEntries));
        }
        return names;
    }

    /// <summary>A number within limits, or <paramref name="otherwise"/> when the option is absent.</summary>
    internal double Number(string name, double otherwise, double least, double most)
    {
        if (Text(name) is not { } text) return otherwise;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            && number >= least && number <= most)
        {
            return number;
        }
        throw new UsageException(string.Create(CultureInfo.InvariantCulture,
            $"--{name} takes a number from {least} to {most}, not '{text}'"));
    }
}
