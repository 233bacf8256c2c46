// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Hammer2.Admin.Newfs;
using Hammer2.Tool;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Commands;
using Hammer2.Tool.Newfs;
using Hammer2.Tool.Output;

namespace Hammer2.Fuzz.Targets;

/// <summary>Command lines, which are read and not carried out: nothing is opened.</summary>
/// <remarks>Input: a byte that picks the command, and its words in UTF-8 with a NUL after each.</remarks>
internal static class CommandTextTarget
{
    private static readonly DeviceSpace[] Devices =
        [.. Enumerable.Range(0, 3).Select(index => new DeviceSpace($"d{index}", 5L << 30))];

    /// <summary>Reads a command line.</summary>
    public static void Run(ReadOnlySpan<byte> input)
    {
        var reader = new InputReader(input);
        CommandRow row = CommandTable.All[reader.Byte() % CommandTable.All.Length];
        CheckName(reader.Rest);
        string[] words = Encoding.UTF8.GetString(reader.Rest).Split('\0');
        foreach (string word in words) CheckSizes(word);

        string? wrong = CommandParser.Parse(row, words, out Dictionary<string, string[]> values);
        Property.Holds(wrong is null or { Length: > 0 }, "what is wrong is said");
        if (wrong is null && row == NewfsCommand.Row) CheckNewfs(row, values);
    }

    private static void CheckName(ReadOnlySpan<byte> name)
    {
        string text = NameText.Escape(name);
        Property.Holds(!text.Any(char.IsControl), "a name is printed without control characters");
        Property.Holds(NameText.Unescape(text).AsSpan().SequenceEqual(name), "a printed name reads back");
    }

    private static void CheckSizes(string word)
    {
        try
        {
            IReadOnlyList<ulong> sizes = SizeText.ParseList(NewfsOptions.Size, word);
            Property.Holds(sizes.All(size => size <= long.MaxValue), "sizes have 63 bits");
        }
        catch (CommandException refused)
        {
            Property.Holds(refused.Code == ExitCode.Usage, "a bad size is a mistake of the command line");
        }
        bool isNumber = Invocation.TryParseNumber(word, out _);
        Property.Holds(!isNumber || word.Any(char.IsAsciiHexDigit), "a number has digits");
    }

    private static void CheckNewfs(CommandRow row, Dictionary<string, string[]> values)
    {
        using var terminal = new Terminal(Stream.Null, Stream.Null) { Time = TimeProvider.System };
        using var invocation = new Invocation(row, values, terminal);
        try
        {
            var request = NewfsRequest.Read(invocation);
            for (int node = 0; node < request.Nodes.Count; node++)
            {
                int devices = Math.Min(request.Nodes[node].Length, Devices.Length);
                CheckPlan(VolumePlan.Make(request.Describe(node), Devices[..devices]));
            }
        }
        catch (Exception refused) when (refused is CommandException or NewfsException)
        {
            Property.Holds(refused.Message.Length > 0, "a refusal says why");
        }
    }

    private static void CheckPlan(VolumePlan plan)
    {
        ulong next = 0;
        foreach (PlannedVolume volume in plan.Volumes)
        {
            Property.Holds(volume.Start == next && volume.LengthBytes > 0, "planned volumes lie end to end");
            next += volume.LengthBytes;
        }
        Property.Holds(next == plan.TotalBytes, "a plan ends with its last volume");
        Property.Holds(plan.InodesBegin < plan.AllocatorBegin && plan.AllocatorBegin < plan.TotalBytes,
            "a plan leaves space for files");
        Property.Holds(plan.AllocatorBytes < plan.TotalBytes, "a plan counts no more than there is");
    }
}
