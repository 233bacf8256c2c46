// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Completions;

namespace Hammer2.Tool.Commands;

/// <summary>Completes a word for the scripts of shells: what is not known before the user types.</summary>
internal static class CompleteCommand
{
    /// <summary>Specifications of volumes, with labels.</summary>
    public const string Volume = "volume";

    /// <summary>Labels of one volume.</summary>
    public const string Label = "label";

    /// <summary>Lists of mount options.</summary>
    public const string MountOptions = "mount-options";

    private static readonly ArgumentRow Kind = new("KIND", "what the word is")
    {
        Choices = [Volume, Label, MountOptions],
    };

    private static readonly ArgumentRow Word = new("WORD", "what was typed");

    private static readonly ArgumentRow Of = new("VOLUME", "where labels are looked for") { IsOptional = true };

    public static readonly CommandRow Row = new("complete", "complete a word for a shell", Run)
    {
        Group = CommandGroup.Program,
        HasJson = false,
        IsHidden = true,
        Arguments = [Kind, Word, Of],
    };

    private static int Run(Invocation invocation)
    {
        string word = invocation.Text(Word);
        IEnumerable<string> found = invocation.Text(Kind) switch
        {
            Volume => LabelCompletion.OfVolume(invocation, word),
            Label => LabelCompletion.Of(invocation, invocation.OptionalText(Of) ?? ".", word),
            _ => MountOptionCompletion.Of(word),
        };
        foreach (string one in found) invocation.Terminal.Out.WriteLine(one);
        return ExitCode.Ok;
    }
}
