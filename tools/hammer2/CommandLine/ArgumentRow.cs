// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.CommandLine;

/// <summary>A positional argument of a command.</summary>
/// <param name="Name">Its name in the help, in capitals.</param>
/// <param name="Help">One line without a full stop.</param>
internal sealed record ArgumentRow(string Name, string Help)
{
    /// <summary>True when it may be omitted.</summary>
    public bool IsOptional { get; init; }

    /// <summary>True when several may be given.</summary>
    public bool Repeats { get; init; }

    /// <summary>The allowed values, if limited; otherwise empty.</summary>
    public string[] Choices { get; init; } = [];

    /// <summary>What shell completion offers.</summary>
    public Completion Completes { get; init; } = Completion.Nothing;
}
