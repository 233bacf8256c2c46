// SPDX-License-Identifier: BSD-3-Clause

using System.Runtime.CompilerServices;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// The control: each behaviour of the list is what Linux's own tmpfs does with the same tree.
/// </summary>
public sealed class PosixControlTests(PosixControlTree control) : IClassFixture<PosixControlTree>
{
    /// <summary>The sentences of the list.</summary>
    public static TheoryData<string> Sentences
    {
        get
        {
            var sentences = new TheoryData<string>();
            foreach (PosixBehaviour<PosixTree> behaviour in PosixReadList.All) sentences.Add(behaviour.Sentence);
            return sentences;
        }
    }

    [RootTheory, MemberData(nameof(Sentences))]
    public void On_tmpfs(string sentence) => PosixReadList.Find(sentence).Try(new PosixTree(control.Root));
}

/// <summary>
/// A theory that mounts and makes device nodes, and so is skipped for other users than root.
/// </summary>
internal sealed class RootTheoryAttribute : TheoryAttribute
{
    public RootTheoryAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line)
    {
        if (PosixCalls.EffectiveUser() != 0) Skip = "mounting tmpfs and making device nodes need root";
    }
}
