// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;

namespace Hammer2.Tool.Manuals;

/// <summary>A manual page.</summary>
/// <param name="Name">The name by which it is found.</param>
/// <param name="Section">5 or 8.</param>
/// <param name="Summary">What it is about, in one line without a full stop.</param>
/// <param name="Write">Writes what follows the section NAME.</param>
internal sealed record ManualPageRow(string Name, int Section, string Summary, Action<RoffWriter> Write)
{
    /// <summary>The section of formats of files.</summary>
    public const int FormatSection = 5;

    /// <summary>The section of commands for administrators.</summary>
    public const int CommandSection = 8;

    /// <summary>Other names by which it is found.</summary>
    public string[] OtherNames { get; init; } = [];

    /// <summary>Its name with the section, as its file is called.</summary>
    public string File => FileOf(Name);

    /// <summary>Its file below the directory of manual pages.</summary>
    public string Path => PathOf(Name);

    /// <summary>The file of one of its names below the directory of manual pages.</summary>
    public string PathOf(string name) => string.Create(CultureInfo.InvariantCulture, $"man{Section}/{FileOf(name)}");

    private string FileOf(string name) => string.Create(CultureInfo.InvariantCulture, $"{name}.{Section}");
}
