// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.CommandLine;

/// <summary>A word that must or may follow a command.</summary>
/// <param name="Name">What it is called, in capitals.</param>
/// <param name="Help">One line without a full stop.</param>
internal sealed record ArgumentRow(string Name, string Help)
{
    /// <summary>True when it may be left out.</summary>
    public bool IsOptional { get; init; }

    /// <summary>True when several may be given.</summary>
    public bool Repeats { get; init; }

    /// <summary>The only words allowed, when there are few.</summary>
    public string[] Choices { get; init; } = [];

    /// <summary>What a shell should offer.</summary>
    public Completion Completes { get; init; } = Completion.Nothing;
}
