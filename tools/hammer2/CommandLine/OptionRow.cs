// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.CommandLine;

/// <summary>An option, with a value or without.</summary>
/// <param name="Name">The long form with its dashes.</param>
/// <param name="Help">One line without a full stop.</param>
internal sealed record OptionRow(string Name, string Help)
{
    /// <summary>The short form with its dash, or none.</summary>
    public string? Short { get; init; }

    /// <summary>What its value is called, in capitals; none for a flag.</summary>
    public string? ValueName { get; init; }

    /// <summary>True when it may be given several times.</summary>
    public bool Repeats { get; init; }

    /// <summary>The only values allowed, when there are few.</summary>
    public string[] Choices { get; init; } = [];

    /// <summary>What a shell should offer for the value.</summary>
    public Completion Completes { get; init; } = Completion.Nothing;
}
