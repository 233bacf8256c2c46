// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Hammer2.Fuse.Administration;
using Hammer2.Tool;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Manuals;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>
/// Goal: there is a manual page for each name of the program, with what the tables have and no reference to a page or
/// command that does not exist. Method: pages are printed and written to files.
/// </summary>
public sealed partial class ManualPageTests
{
    public static TheoryData<string> Pages => [.. ManualPages.Files];

    [Fact]
    public void Each_name_of_the_program_has_a_page()
    {
        using var scratch = new ScratchDirectory();
        Assert.Equal(0, ToolRun.Execute("man", "--directory", scratch.Path).ExitCode);
        string[] names = [.. CommandTable.All.SelectMany(row => row.ProgramNames)];
        Assert.NotEmpty(names);
        foreach (string name in names.Append("hammer2"))
        {
            string page = File.ReadAllText(scratch.Below($"man8/{name}.8"));
            Match link = Link().Match(page);
            if (link.Success) page = File.ReadAllText(scratch.Below(link.Groups["path"].Value));
            string line = page.Split('\n').SkipWhile(line => line != ".SH \"NAME\"").ElementAt(1);
            Assert.Contains(name, line.Split(" \\- ")[0].Split(", "));
        }
        Assert.True(File.Exists(scratch.Below("man5/hammer2.5")));
        Assert.True(File.Exists(scratch.Below("man5/hammer2-control.5")));
    }

    [Theory, MemberData(nameof(Pages))]
    public void A_page_has_examples_and_names_only_pages_and_commands_that_exist(string page)
    {
        ToolRun run = ToolRun.Execute("man", page);
        Assert.Equal(0, run.ExitCode);
        if (page != ManualPages.Default) Assert.Contains(".SH \"EXAMPLES\"", run.Text, StringComparison.Ordinal);
        string seen = run.Text[run.Text.IndexOf(".SH \"SEE ALSO\"", StringComparison.Ordinal)..];
        string[] others = [.. Reference().Matches(seen).Select(other => other.Groups["name"].Value.Replace(
            "\\-", "-", StringComparison.Ordinal) + "." + other.Groups["section"].Value)];
        string[] own = [.. others.Where(other => other.Contains("hammer2", StringComparison.Ordinal))];
        Assert.NotEmpty(own);
        Assert.Subset(ManualPages.Files.Except([page]).ToHashSet(), own.ToHashSet());
        foreach (Match command in Command().Matches(run.Text.Replace("\\-", "-", StringComparison.Ordinal)))
            Assert.True(CommandTable.ByName(command.Groups["name"].Value) is not null, command.Value);
    }

    [Fact]
    public void The_page_of_mount_has_every_option_of_mounts_and_the_one_of_fsck_its_exit_codes()
    {
        string mount = Text("mount.hammer2.8"), fsck = Text("fsck.hammer2.8");
        foreach (MountOptionRow option in MountOptionTable.All)
            Assert.Contains($"\\fB{option.Usage}\\fR", mount, StringComparison.Ordinal);
        Assert.Contains(".SH \"EXIT STATUS\"\n.TP\n\\fB0\\fR\n", fsck, StringComparison.Ordinal);
        Assert.Contains($"\\fB{ExitCode.FsckUncorrected}\\fR\n", fsck, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_of_the_control_file_has_every_request_with_its_parameters_and_results()
    {
        string page = Text("hammer2-control.5");
        Assert.NotEmpty(RequestTable.Standard.Rows);
        foreach (RequestRow row in RequestTable.Standard.Rows)
        {
            string part = page[page.IndexOf($".SS \"{row.Name}", StringComparison.Ordinal)..];
            int end = part.IndexOf("\n.S", 1, StringComparison.Ordinal);
            part = part[..end];
            foreach (RequestParameter parameter in row.Parameters)
                Assert.Contains($"\\fB{parameter.Name}=", part, StringComparison.Ordinal);
            foreach (string name in row.ResultFields) Assert.Contains(name, part, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void One_page_is_printed_or_all_are_written_and_not_both()
    {
        using var scratch = new ScratchDirectory();
        Assert.Equal(ExitCode.Usage, ToolRun.Execute("man", "hammer2.5", "--directory", scratch.Path).ExitCode);
        Assert.Empty(Directory.EnumerateFileSystemEntries(scratch.Path));
        Assert.Equal(ExitCode.Usage, ToolRun.Execute("man", "hammer2.9").ExitCode);
        Assert.Equal(ToolRun.Execute("man").Text, ToolRun.Execute("man", "hammer2.8").Text);
    }

    private static string Text(string page) =>
        ToolRun.Execute("man", page).Text.Replace("\\-", "-", StringComparison.Ordinal);

    [GeneratedRegex(@"^\.so (?<path>\S+)\n$")]
    private static partial Regex Link();

    [GeneratedRegex(@"\.BR (?<name>\S+) \((?<section>\d)\)")]
    private static partial Regex Reference();

    [GeneratedRegex(@"(^|'|\.B |\.RB \( "")hammer2 (?<name>[a-z][a-z0-9-]+)", RegexOptions.Multiline)]
    private static partial Regex Command();
}
