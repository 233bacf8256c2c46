// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;

namespace Hammer2.Testing;

/// <summary>The listing of one PFS of a golden image.</summary>
public sealed class Manifest
{
    private const int FieldsPlain = 9;
    private const int FieldsExtended = 19;

    private Manifest(string image, string label, IReadOnlyList<ManifestEntry> entries)
    {
        Image = image;
        Label = label;
        Entries = entries;
    }

    /// <summary>Name of the image or of the node.</summary>
    public string Image { get; }

    /// <summary>Label of the PFS.</summary>
    public string Label { get; }

    /// <summary>All entries, the root first. Lines that record a failure of upstream's reader are skipped; only damaged
    /// images have them.</summary>
    public IReadOnlyList<ManifestEntry> Entries { get; }

    /// <summary>Reads NAME@LABEL.tsv and, when it is there, NAME@LABEL.ext.tsv.</summary>
    public static Manifest Read(string image, string label)
    {
        Dictionary<string, ManifestExtension> extensions = ReadExtensions(image, label);
        var entries = new List<ManifestEntry>();
        foreach (string line in File.ReadLines(RepositoryRoot.Below("images", $"{image}@{label}.tsv")))
        {
            string[] fields = line.Split('\t');
            if (fields.Length != FieldsPlain)
                throw new FormatException($"{image}@{label}.tsv: {fields.Length} fields: {line}");
            if (IsFailure(fields))
                continue;
            entries.Add(new ManifestEntry(
                Unescape(fields[0]),
                fields[1][0],
                Convert.ToUInt32(fields[2], 8),
                uint.Parse(fields[3], CultureInfo.InvariantCulture),
                uint.Parse(fields[4], CultureInfo.InvariantCulture),
                ulong.Parse(fields[5], CultureInfo.InvariantCulture),
                ulong.Parse(fields[6], CultureInfo.InvariantCulture),
                ulong.Parse(fields[7], CultureInfo.InvariantCulture),
                Unescape(fields[8]),
                extensions.GetValueOrDefault(fields[0])));
        }
        return new Manifest(image, label, entries);
    }

    /// <summary>Finds an entry by its path.</summary>
    public ManifestEntry this[string path]
    {
        get
        {
            foreach (ManifestEntry entry in Entries)
            {
                if (entry.Path == path)
                    return entry;
            }
            throw new KeyNotFoundException($"{Image}@{Label} lists no {path}");
        }
    }

    private static Dictionary<string, ManifestExtension> ReadExtensions(string image, string label)
    {
        var extensions = new Dictionary<string, ManifestExtension>();
        string path = RepositoryRoot.Below("images", $"{image}@{label}.ext.tsv");
        if (!File.Exists(path))
            return extensions;
        foreach (string line in File.ReadLines(path))
        {
            string[] fields = line.Split('\t');
            if (IsFailure(fields))
                continue;
            if (fields.Length != FieldsExtended)
                throw new FormatException($"{image}@{label}.ext.tsv: {fields.Length} fields: {line}");
            extensions.Add(fields[0], new ManifestExtension(
                Number(fields[9]), Number(fields[10]), Number(fields[11]), Number(fields[12]),
                Convert.ToUInt32(fields[13], 16), fields[14], fields[15], Convert.ToByte(fields[16], 16),
                Number(fields[17]), Number(fields[18])));
        }
        return extensions;

        static ulong Number(string text) => ulong.Parse(text, CultureInfo.InvariantCulture);
    }

    private static bool IsFailure(string[] fields)
        => fields[1].StartsWith("ERR:", StringComparison.Ordinal)
            || fields[8].StartsWith("ERR:", StringComparison.Ordinal);

    private static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
            return text;
        var result = new StringBuilder(text.Length);
        for (int index = 0; index < text.Length; index++)
        {
            if (text[index] != '\\')
            {
                _ = result.Append(text[index]);
                continue;
            }
            if (index + 3 >= text.Length || text[index + 1] != 'x')
                throw new FormatException($"a backslash without xHH in {text}");
            _ = result.Append((char)Convert.ToByte(text.Substring(index + 2, 2), 16));
            index += 3;
        }
        return result.ToString();
    }
}
