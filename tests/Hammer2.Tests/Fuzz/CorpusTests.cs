// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Linq;
using Hammer2.Fuzz;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Fuzz;

/// <summary>
/// Goal: findings of fuzzing do not come back. Method: each input of the corpus, and changed ones, are passed to their
/// target, which checks its properties.
/// </summary>
public sealed class CorpusTests
{
    private const int ChangesPerInput = 20;
    private const long CorpusBytesMax = 1 << 20;

    public static TheoryData<string> Targets => [.. FuzzTarget.All.Select(target => target.Name)];

    [Theory, MemberData(nameof(Targets))]
    public void Each_input_of_the_corpus_passes_its_target(string name)
    {
        FuzzTarget target = FuzzTarget.ByName(name)!;
        string[] files = Files(name);
        Assert.True(files.Length >= 5, $"{name} has {files.Length} inputs");
        foreach (string file in files) Pass(target, File.ReadAllBytes(file), Path.GetFileName(file));
    }

    [Theory, MemberData(nameof(Targets))]
    public void Each_changed_input_passes_its_target(string name)
    {
        FuzzTarget target = FuzzTarget.ByName(name)!;
        foreach (ulong seed in SeededRandom.Seeds(2))
        {
            var random = new SeededRandom(seed);
            foreach (string file in Files(name))
            {
                byte[] whole = File.ReadAllBytes(file);
                for (int round = 0; round < ChangesPerInput; round++)
                    Pass(target, Change(random, whole), $"{Path.GetFileName(file)} changed, seed {seed}");
            }
        }
    }

    [Fact]
    public void The_corpus_is_small_and_every_folder_of_it_is_a_target()
    {
        string root = RepositoryRoot.Below("tests", "Hammer2.Fuzz", "Corpus");
        Assert.Equal(
            FuzzTarget.All.Select(target => target.Name).Order(StringComparer.Ordinal),
            Directory.GetDirectories(root).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        string[] files = Directory.GetFiles(root, "*", SearchOption.AllDirectories);
        long bytes = files.Sum(path => new FileInfo(path).Length);
        Assert.InRange(bytes, 1, CorpusBytesMax);
    }

    private static void Pass(FuzzTarget target, byte[] input, string what)
    {
        try
        {
            target.Run(input);
        }
        catch (Exception finding)
        {
            string hex = Convert.ToHexString(input.AsSpan(0, Math.Min(input.Length, 400)));
            Assert.Fail($"{target.Name}, {what}, {input.Length} bytes {hex}: {finding}");
        }
    }

    private static string[] Files(string target)
    {
        string[] files = Directory.GetFiles(RepositoryRoot.Below("tests", "Hammer2.Fuzz", "Corpus", target));
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }

    private static byte[] Change(SeededRandom random, byte[] whole)
    {
        byte[] input = random.Chance(20) ? whole[..random.Below(whole.Length + 1)] : (byte[])whole.Clone();
        for (int change = random.Below(6); change >= 0 && input.Length > 0; change--)
        {
            // Most fields are at the start.
            int limit = random.Chance(50) ? Math.Min(input.Length, 200) : input.Length;
            input[random.Below(limit)] = random.Chance(40) ? (byte)random.NextEdge() : random.NextByte();
        }
        return input;
    }
}
