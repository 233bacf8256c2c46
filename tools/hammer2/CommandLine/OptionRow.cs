// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.CommandLine;

/// <summary>An option, with or without a value.</summary>
/// <param name="Name">The long form with its dashes.</param>
/// <param name="Help">One line without a full stop.</param>
internal sealed record OptionRow(string Name, string Help)
{
    /// <summary>The short form with its dash; null for none.</summary>
    public string? Short { get; init; }

    /// <summary>The name of its value, in capitals; null for a flag.</summary>
    public string? ValueName { get; init; }

    /// <summary>True when it may be given several times.</summary>
    public bool Repeats { get; init; }

    /// <summary>The allowed values, if limited; otherwise empty.</summary>
    public string[] Choices { get; init; } = [];

    /// <summary>What shell completion offers for the value.</summary>
    public Completion Completes { get; init; } = Completion.Nothing;
}
